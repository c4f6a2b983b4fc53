/** What a command is. Each is a folder in `commands/`, and one line in `commands.ts`. */
import type { Api } from './connection/api.ts';
import type { Connection } from './connection/connection.ts';
import type { Output } from './output/output.ts';
import type { Environment, Installation } from './surroundings.ts';

export type Option = {
  type: 'string' | 'boolean';
  /** The name of its value in the help text, such as `DIR`. */
  value?: string;
  help: string;
  /** May be stated more than once; then its value is a list. */
  many?: boolean;
  /** All values that it takes. */
  oneOf?: readonly string[];
};

export type Parameter = {
  /** As in the help text: `KEY`. */
  name: string;
  help: string;
  optional?: boolean;
  /** The last one may take all that follows. */
  many?: boolean;
  oneOf?: readonly string[];
};

/** A line that works as it is written. A test runs each of them. */
export type Example = {
  /** Begins with `tollgate`. */
  line: string;
  /** What it is good for. */
  help: string;
};

export type Command = {
  /** Of one or more words: `audit`, `keys list`. */
  name: string;
  /** For lists of commands: one line, without a full stop. */
  summary: string;
  /** For its own help, below the summary. */
  detail?: string;
  /** The words that follow its name; default: none may. */
  parameters?: readonly Parameter[];
  /** Beyond those that every command has (`shared-options.ts`). */
  options?: Readonly<Record<string, Option>>;
  examples: readonly [Example, ...Example[]];
  /** @returns the exit code; CommandError and UsageError end the process with 2 */
  run(context: CommandContext): Promise<number>;
};

export type Values = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export type CommandContext = {
  /** What follows the command's name. */
  words: readonly string[];
  values: Values;
  environment: Environment;
  /** @throws ConfigError */
  installation(): Promise<Installation>;
  /** Which installation is talked to, and how that was found. @throws CommandError */
  connection(): Promise<Connection>;
  /** The billing API of the installation that the profile names. @throws CommandError */
  api(): Promise<Api>;
  output: Output;
  /** The command's result, on standard output. */
  print(line: string): void;
  /** What people want to know about it, on standard error. */
  say(line: string): void;
  /** Replaces the line of progress before it, on a terminal. */
  progress(line: string): void;
  /** Unix ms. */
  clock(): number;
  /** In which times are read and shown: an IANA name. */
  timeZone(): Promise<string>;
  /** Aborted by Ctrl-C. */
  signal: AbortSignal;
  fetch: typeof fetch;
  /** Runs a program of ours in a process of its own, which has the terminal. @returns its exit code */
  runProgram(args: readonly string[]): Promise<number>;
};
