/** `npm run tollgate -- COMMAND`: what an operator does by hand. The commands are in `commands.ts`. */
import { ConfigError, loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { makePrivateFiles } from '@tollgate/adapters/files/private-folder.ts';
import { EngineMissingError } from '@tollgate/adapters/stores/open-warehouse.ts';
import { CommandError, UsageError } from './command.ts';
import { helpText, parseCommandLine } from './command-line.ts';
import { commands } from './commands.ts';

const EXPECTED = [CommandError, ConfigError, EngineMissingError];

try {
  makePrivateFiles();
  const line = parseCommandLine(commands, process.argv.slice(2));
  if (line === 'help') {
    console.log(helpText(commands));
    process.exit(0);
  }
  const { command, words, values } = line;
  const { config: file, data } = values as { config?: string; data?: string };
  const config = loadConfig(file);
  process.exitCode = await command.run({
    config,
    data: data ?? config.data,
    words,
    environment: process.env,
    values,
    print: (text) => console.log(text),
    say: (text) => console.error(text),
    progress(text) {
      process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
    },
  });
} catch (error) {
  const expected = EXPECTED.some((kind) => error instanceof kind);
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  const help = error instanceof UsageError ? ' (`npm run tollgate -- --help` says more)' : '';
  const why = !expected && cause instanceof Error ? `: ${cause.message}` : '';
  console.error(`${message}${why}${help}`);
  process.exit(expected ? 2 : 1);
}
