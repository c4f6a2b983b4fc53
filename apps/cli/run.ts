/** One run of the command line, with everything that it reads and writes given to it. */
import type { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import type { Command, CommandContext } from './command.ts';
import { commands as allCommands } from './commands.ts';
import { openApi } from './connection/api.ts';
import { type Connection, findConnection, readToken } from './connection/connection.ts';
import { CommandError, FailedError, UsageError } from './errors.ts';
import { localTimeZone, requireTimeZone } from './input/time-zone.ts';
import { Output, type Streams } from './output/output.ts';
import { parseCommandLine } from './program/program.ts';
import { runProgram } from './program/run-program.ts';
import type { Environment, Installation } from './surroundings.ts';

export type Surroundings = {
  environment: Environment;
  streams: Streams;
  signal?: AbortSignal;
  clock?: () => number;
  fetch?: typeof fetch;
  commands?: readonly Command[];
  runProgram?: CommandContext['runProgram'];
};

/** The help of a wide terminal is not as wide: long lines are hard to read. */
const HELP_WIDTH_MAX = 100;

/** @returns the exit code: 0 all is well, 1 it failed or found something wrong, 2 it could not run */
export async function runCommandLine(
  words: readonly string[],
  surroundings: Surroundings,
): Promise<number> {
  const { streams, commands = allCommands } = surroundings;
  const signal = surroundings.signal ?? new AbortController().signal;
  try {
    const width = Math.min(streams.out.width, HELP_WIDTH_MAX);
    const line = parseCommandLine(commands, words, width);
    if ('help' in line) {
      streams.out.write(`${line.help}\n`);
      return 0;
    }
    const output = new Output(streams, line.values['json'] === true);
    return await line.command.run(contextOf(line, output, { ...surroundings, signal }));
  } catch (error) {
    if (signal.aborted) return INTERRUPTED;
    const { text, code } = failure(error);
    streams.err.write(`${text}\n`);
    return code;
  }
}

/** As shells have it: 128 and the number of the signal. */
export const INTERRUPTED = 130;

function contextOf(
  { words, values }: Pick<CommandContext, 'words' | 'values'>,
  output: Output,
  surroundings: Surroundings & { signal: AbortSignal },
): CommandContext {
  const { environment, signal, clock = Date.now, fetch: send = fetch } = surroundings;
  const text = (name: string) => values[name] as string | undefined;
  const say = (line: string) => output.say(line);
  const installation = once(() => readInstallation(text('config'), text('data')));
  const asked = {
    profile: text('profile'),
    apiUrl: text('api-url'),
    tokenFile: text('token-file'),
  };
  const connection = once(() => findConnection(asked, environment, installation, say));
  return {
    ...{
      words,
      values,
      environment,
      output,
      installation,
      connection,
      signal,
      clock,
      say,
      fetch: send,
    },
    api: once(async () => {
      const { apiUrl, ...found } = await connection();
      const token = await readToken(found, environment, say);
      return openApi({ url: apiUrl, token, signal, fetch: send });
    }),
    timeZone: once(() => zoneOf(text('time-zone'), environment, connection)),
    runProgram: surroundings.runProgram ?? ((args) => runProgram(args, environment)),
    print: (line) => output.print(line),
    progress: (line) => output.progress(line),
  };
}

async function zoneOf(
  asked: string | undefined,
  environment: Environment,
  connection: () => Promise<Connection>,
): Promise<string> {
  if (asked !== undefined) return requireTimeZone('--time-zone', asked);
  const { timeZone } = await connection();
  if (timeZone !== null) return requireTimeZone('time_zone of the profile', timeZone);
  return localTimeZone(environment);
}

/** The schemas of the configuration take a while to load, and most commands do without them. */
async function readInstallation(
  file: string | undefined,
  data: string | undefined,
): Promise<Installation> {
  const { loadConfig: load } = (await import('@tollgate/adapters/config/load-config.ts')) as {
    loadConfig: typeof loadConfig;
  };
  const config = load(file);
  return { config, data: data ?? config.data };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

/** By their names: their modules may not be loaded. */
const CANNOT_RUN = new Set(['ConfigError', 'EngineMissingError']);

function kindOf(error: unknown): string {
  return error instanceof Error ? error.constructor.name : '';
}

function failure(error: unknown): { text: string; code: number } {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  if (error instanceof UsageError) {
    const help = message.includes('\n') ? '' : ' (`tollgate --help` says more)';
    return { text: `${message}${help}`, code: 2 };
  }
  if (error instanceof CommandError || CANNOT_RUN.has(kindOf(error))) {
    return { text: message, code: 2 };
  }
  const isOurs = error instanceof FailedError;
  const why = !isOurs && cause instanceof Error ? `: ${cause.message}` : '';
  return { text: `${message}${why}`, code: 1 };
}
