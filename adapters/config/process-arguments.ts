/** The command line that every process of ours has. Shared settings are in `tollgate.yaml`. */
import { parseArgs } from 'node:util';
import { processArguments } from '@tollgate/schemas/config/process-arguments.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { ConfigError, loadConfig } from './load-config.ts';

const usage = (program: string, what: string) => `Usage: node ${program} [options]

${what}

  --config FILE  tollgate.yaml (default: ./tollgate.yaml if it exists)
  --data DIR     data folder, overrides the file
  --host H       address to listen on, overrides the file
  --port N       port, overrides the file
  --help         this text
`;

export type ProcessSettings = {
  config: TollgateConfig;
  data: string;
  host: string;
  /** As given on the command line; each kind of process has its own default. */
  port: number | undefined;
};

/**
 * Reads the command line and the configuration. Ends the process for `--help`, and if something is
 * wrong; the message names the argument or the field. Nothing has been opened by then.
 */
export function readProcessSettings(program: string, what: string): ProcessSettings {
  try {
    const { values } = parseArgs({
      options: {
        config: { type: 'string' },
        data: { type: 'string' },
        port: { type: 'string' },
        host: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    const { help, ...given } = values;
    if (help === true) {
      process.stdout.write(usage(program, what));
      process.exit(0);
    }
    const { config: file, data, host, port } = parsed(given);
    const config = loadConfig(file);
    return { config, data: data ?? config.data, host: host ?? config.host, port };
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(2);
  }
}

function parsed(given: object) {
  const result = processArguments.safeParse(given);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new ConfigError(`--${issue?.path.join('.')}: ${issue?.message}`);
}
