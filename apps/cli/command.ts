/** What a command is. Each is a folder in `commands/`, and one line in `commands.ts`. */
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';

export type Option = {
  type: 'string' | 'boolean';
  /** The name of its value in the help text, such as `DIR`. */
  value?: string;
  help: string;
};

export type Command = {
  name: string;
  /** The words that follow its name, such as `add NAME`; default: none may. */
  words?: string;
  /** For the help text: what it does, in at most three lines. */
  summary: string;
  /** Beyond those that every command has (`sharedOptions`). */
  options: Readonly<Record<string, Option>>;
  /** @returns the exit code; CommandError and UsageError end the process with 2 */
  run(context: CommandContext): Promise<number>;
};

export type CommandContext = {
  config: TollgateConfig;
  /** The data folder. */
  data: string;
  /** What follows the command's name. */
  words: readonly string[];
  environment: Readonly<Record<string, string | undefined>>;
  values: Readonly<Record<string, string | boolean | undefined>>;
  /** The command's result, on standard output. */
  print(line: string): void;
  /** What people want to know about it, on standard error. */
  say(line: string): void;
  /** Replaces the line of progress before it, on a terminal. */
  progress(line: string): void;
};

export const sharedOptions: Readonly<Record<string, Option>> = {
  config: {
    type: 'string',
    value: 'FILE',
    help: 'names the engines (default: ./tollgate.yaml if it exists)',
  },
  data: {
    type: 'string',
    value: 'DIR',
    help: 'data folder (default: that of tollgate.yaml, or .tollgate)',
  },
  help: { type: 'boolean', help: 'this text' },
};

/** The command cannot run, and the message says why. */
export class CommandError extends Error {}

/** The command was called in the wrong way: the message is followed by where help is. */
export class UsageError extends CommandError {}
