/** From the words after `npm run tollgate --` to a command and its options, and the help text. */
import { parseArgs } from 'node:util';
import { type Command, type Option, sharedOptions, UsageError } from './command.ts';

const NAME_WIDTH = 14;
const OPTION_WIDTH = 19;

const HEADING = 'Usage: npm run tollgate -- COMMAND [options]';
const FOOTER = `Stop Tollgate before an audit or a rebuild: both refuse to run on a data folder that is in use. On
servers, stop the proxies and projectors yourself: otherwise an audit reports usage that is still on
its way as a difference, and a rebuild refuses to finish. A backup may run at any time.
Exit code: 0 all is well; 1 differences, a damaged journal or a failure; 2 the command cannot run.`;

export type CommandLine = {
  command: Command;
  /** What follows its name. */
  words: string[];
  values: Record<string, string | boolean>;
};

/** @returns 'help' if that was asked for. @throws UsageError */
export function parseCommandLine(
  commands: readonly Command[],
  words: readonly string[],
): CommandLine | 'help' {
  const { values, positionals } = parse(commands, words);
  if (values['help'] === true) return 'help';
  const [name, ...more] = positionals;
  if (name === undefined) throw new UsageError('Name a command.');
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    const names = commands.map((one) => one.name).join(', ');
    throw new UsageError(`There is no command ${name}. There are: ${names}.`);
  }
  if (command.words === undefined && more.length > 0) {
    throw new UsageError(`${name} takes no ${more.join(' ')}.`);
  }
  return { command, words: more, values };
}

/** Options may precede the command, so all that exist are known before it is. */
function parse(commands: readonly Command[], words: readonly string[]) {
  const all = Object.assign({}, sharedOptions, ...commands.map(({ options }) => options));
  const options = Object.fromEntries(
    Object.entries(all as Record<string, Option>).map(([name, { type }]) => [
      name,
      name === 'help' ? { type, short: 'h' } : { type },
    ]),
  );
  try {
    const parsed = parseArgs({ args: [...words], options, allowPositionals: true });
    return parsed as { values: Record<string, string | boolean>; positionals: string[] };
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

export function helpText(commands: readonly Command[]): string {
  const summaries = commands.map(({ name, words, summary }) =>
    entry(name, words === undefined ? summary : `${words}\n${summary}`, NAME_WIDTH),
  );
  const options = [
    ...commands.flatMap(({ name, options }) => optionLines(options, `${name}: `)),
    ...optionLines(sharedOptions, ''),
  ];
  return [HEADING, summaries.join('\n'), options.join('\n'), FOOTER].join('\n\n');
}

function optionLines(options: Readonly<Record<string, Option>>, prefix: string): string[] {
  return Object.entries(options).map(([name, { value, help }]) =>
    entry(value === undefined ? `--${name}` : `--${name} ${value}`, prefix + help, OPTION_WIDTH),
  );
}

/** A name, and its text in a column of its own. */
function entry(name: string, text: string, width: number): string {
  return `  ${name.padEnd(width)}${text.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}`;
}
