/**
 * From the declarations of commands to a parser (commander): help, completion and docs/cli.md follow from
 * the same declarations.
 */
import {
  Argument,
  type CommanderError,
  InvalidArgumentError,
  Command as Parser,
  Option as ParserOption,
} from 'commander';
import type { Command, Option, Parameter, Values } from '../command.ts';
import { UsageError } from '../errors.ts';
import { sharedOptions } from '../shared-options.ts';
import { groups } from './groups.ts';

export type CommandLine = {
  command: Command;
  /** What follows its name. */
  words: string[];
  values: Values;
};

const TOKEN_REFUSED =
  '--token: a token on the command line is seen by every user of this machine and stays in the ' +
  "shell's history. Put it into a file of yours (--token-file FILE), into TOLLGATE_ADMIN_TOKEN, or " +
  'into a profile (`tollgate profiles set --help`).';

const FOOTER = `Exit code: 0 all is well; 1 it failed or found something wrong; 2 it could not
run. \`tollgate COMMAND --help\` has the options of a command, and examples.`;

/** @returns text of a help that was asked for. @throws UsageError */
export function parseCommandLine(
  commands: readonly Command[],
  words: readonly string[],
  width: number,
): CommandLine | { help: string } {
  let found: CommandLine | undefined;
  let written = '';
  const root = buildProgram(commands, {
    width,
    write: (text) => {
      written += text;
    },
    chosen: (line) => {
      found = line;
    },
  });
  try {
    root.parse([...words], { from: 'user' });
  } catch (error) {
    const { code, message } = error as CommanderError;
    if (code === 'commander.helpDisplayed') return { help: written.trimEnd() };
    if (code === 'commander.help') throw new UsageError(`Name a command.\n\n${written.trimEnd()}`);
    if (code === 'commander.unknownCommand') throw unknownCommand(commands, words, message);
    if (typeof code === 'string' && code.startsWith('commander.')) {
      throw new UsageError(sentence(message), { cause: error });
    }
    throw error;
  }
  if (found === undefined) throw new UsageError('Name a command.');
  return found;
}

/** The parser's own words on one line, as a sentence of ours. */
function sentence(message: string): string {
  const text = message.replace(/^error: /, '').replaceAll('\n', ' ');
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}${/[.)?]$/.test(text) ? '' : '.'}`;
}

function unknownCommand(commands: readonly Command[], words: readonly string[], message: string) {
  const [, wrong = ''] = /unknown command '(.*)'/.exec(message) ?? [];
  const [, near] = /Did you mean (.*)\?\)/.exec(message) ?? [];
  const group = words.slice(0, words.indexOf(wrong)).find((word) => Object.hasOwn(groups, word));
  const before = group === undefined ? '' : `${group} `;
  const names = commands
    .filter(({ name }) => name.startsWith(before))
    .map(({ name }) => name.slice(before.length).split(' ')[0]);
  const said = near === undefined ? '' : ` Did you mean ${before}${near}?`;
  const others = `There are: ${[...new Set(names)].join(', ')}.`;
  return new UsageError(`There is no command ${before}${wrong}.${said} ${others}`);
}

type Wiring = {
  width: number;
  write(text: string): void;
  chosen(line: CommandLine): void;
};

function buildProgram(commands: readonly Command[], wiring: Wiring): Parser {
  const { width, write } = wiring;
  const root = new Parser('tollgate')
    .description('Tollgate on the command line.')
    .exitOverride()
    .configureOutput({
      ...{ writeOut: write, writeErr: write, outputError: () => undefined },
      ...{ getOutHelpWidth: () => width, getErrHelpWidth: () => width },
      ...{ getOutHasColors: () => false, getErrHasColors: () => false },
    })
    .configureHelp({ showGlobalOptions: true })
    .helpOption('-h, --help', 'this text')
    .helpCommand('help [command]', 'the help of a command')
    .addHelpText('after', `\n${FOOTER}`);
  for (const [name, option] of Object.entries(sharedOptions)) {
    root.addOption(parserOption(name, option));
  }
  root.addOption(new ParserOption('--token [VALUE]').hideHelp());
  for (const command of commands) addCommand(root, command, wiring);
  return root;
}

function addCommand(root: Parser, command: Command, { chosen }: Wiring): void {
  const path = command.name.split(' ');
  const last = path.pop() as string;
  const parent = path.reduce((above, name) => groupOf(above, name), root);
  const parser = parent.command(last).summary(command.summary).description(described(command));
  for (const parameter of command.parameters ?? []) parser.addArgument(argument(parameter));
  for (const [name, option] of Object.entries(command.options ?? {})) {
    parser.addOption(parserOption(name, option));
  }
  parser.addHelpText('after', `\n${examplesText(command)}`);
  parser.action(() => {
    const values = valuesOf(parser);
    if (values['token'] !== undefined) throw new UsageError(TOKEN_REFUSED);
    chosen({ command, words: parser.processedArgs.flat().filter(isText), values });
  });
}

function groupOf(above: Parser, name: string): Parser {
  const known = above.commands.find((one) => one.name() === name);
  if (known !== undefined) return known;
  const summary = groups[name] ?? '';
  return above.command(name).summary(summary).description(`${summary}.`);
}

const isText = (word: unknown) => typeof word === 'string';

function described({ summary, detail }: Command): string {
  const first = `${summary.slice(0, 1).toUpperCase()}${summary.slice(1)}.`;
  if (detail === undefined) return first;
  // Paragraphs stay; the lines in the source are no lines of the terminal.
  return `${first}\n\n${detail.replaceAll(/(?<!\n)\n(?!\n)/g, ' ')}`;
}

function examplesText({ examples }: Command): string {
  const lines = examples.map(({ line, help }) => `  ${line}\n      ${help}`);
  return `Examples:\n${lines.join('\n')}`;
}

function parserOption(name: string, option: Option): ParserOption {
  const { type, value = 'VALUE', many = false, oneOf, help } = option;
  const flags = type === 'boolean' ? `--${name}` : `--${name} <${value}${many ? '...' : ''}>`;
  const made = new ParserOption(flags, help);
  if (oneOf !== undefined) restrict(made, oneOf);
  if (!many) return made;
  // One value each time: with more, it would take the words that follow.
  made.variadic = false;
  return made.argParser((text: string, before: string[] = []) => [...before, text]);
}

function argument({ name, help, optional = false, many = false, oneOf }: Parameter): Argument {
  const shown = `${name}${many ? '...' : ''}`;
  const made = new Argument(optional ? `[${shown}]` : `<${shown}>`, help);
  if (oneOf !== undefined) restrict(made, oneOf);
  return made;
}

function restrict(made: Argument | ParserOption, oneOf: readonly string[]): void {
  made.argParser((text: string) => {
    if (oneOf.includes(text)) return text;
    throw new InvalidArgumentError(`Write one of ${oneOf.join(', ')}.`);
  });
  made.description = `${made.description}: ${oneOf.join(', ')}`;
}

/** By the names that people type. */
function valuesOf(parser: Parser): Values {
  const given = parser.optsWithGlobals();
  const chain: Parser[] = [];
  for (let at: Parser | null = parser; at !== null; at = at.parent) chain.push(at);
  const options = chain.flatMap((one) => one.options);
  return Object.fromEntries(
    options.map((option) => [
      option.long?.replace(/^--/, '') ?? option.name(),
      given[option.attributeName()],
    ]),
  );
}
