/** docs/cli.md, from the declarations. */
import type { Command, Option, Parameter } from '../command.ts';
import { sharedOptions } from '../shared-options.ts';

const HEAD = `# The command line

Written by \`npx node apps/cli/program/docs-main.ts\`; a test fails where it is out of date.

\`npx tollgate COMMAND\` in the repository, or \`npm run tollgate -- COMMAND\`. \`tollgate --help\` lists the
commands, and \`tollgate COMMAND --help\` has the options of one, and examples.

## For scripts

- Results go to standard output, everything else to standard error. With \`--json\` a result is one JSON object
  a line: the API's own where there is one.
- Exit code: **0** all is well; **1** it failed, was refused, or found something wrong; **2** it could not run:
  wrong words, no token, nobody answers. 130 after Ctrl-C.
- Requests that were not answered are sent again, up to four times, under one \`Idempotency-Key\`. An answer has
  30 seconds.
- Colours are for terminals; \`NO_COLOR\` ends them, and \`FORCE_COLOR\` has them anywhere. Tables fit the terminal;
  elsewhere they are 80 columns wide, or \`COLUMNS\`.
- \`tollgate completion bash\` (\`zsh\`, \`fish\`) prints a script that completes commands and options.

## Which installation

A connection comes whole from one place, so that no token goes to the address of another installation: the
profile that is named (\`--profile\`, \`TOLLGATE_PROFILE\`), else \`TOLLGATE_API_URL\` and \`TOLLGATE_ADMIN_TOKEN\`, else
the default profile, else the configuration on this machine. \`tollgate profiles show\` says which one it is.

Profiles are in \`~/.config/tollgate/config.json\` (\`XDG_CONFIG_HOME\` is honoured). A token is in a file that
nobody else can read, in a variable, or in the keychain (\`security\` on macOS, \`secret-tool\` elsewhere). It is
never an argument: every user of a machine sees those.

## Times and amounts

Times are read and shown in one time zone: \`--time-zone\`, else the profile's, else this machine's.
\`2026-11\`, \`2026-11-30\`, \`"2026-11-30 14:00"\`, \`2026-11-30T14:00Z\`, \`yesterday\`, \`"last month"\`, \`"2h ago"\`,
\`"in 90d"\`. Amounts are \`$5\`, \`"5.00 EUR"\`, \`10k\`, \`"1.5M tokens"\`. What can be read in two ways (\`03/04/2026\`,
\`1,000\`, \`2h\`, a time that a change of clocks skips or repeats) is refused with what to type instead.
`;

export function commandsDocument(commands: readonly Command[]): string {
  const shared = ['## Options of all commands', '', ...optionRows(sharedOptions), ''];
  const sections = commands.flatMap(section);
  return `${[HEAD, ...shared, '## Commands', '', ...sections].join('\n').trimEnd()}\n`;
}

function section(command: Command): string[] {
  const { name, summary, detail, parameters = [], options = {}, examples } = command;
  const words = parameters.map((parameter) => ` ${parameterText(parameter)}`).join('');
  const rows = [...parameterRows(parameters), ...optionRows(options, parameters.length === 0)];
  return [
    `### ${name}`,
    '',
    `\`tollgate ${name}${words}\`: ${summary}.`,
    '',
    ...(detail === undefined ? [] : [detail, '']),
    ...(rows.length === 0 ? [] : [...rows, '']),
    '```',
    ...examples.flatMap(({ line, help }) => [`${line}  # ${help}`]),
    '```',
    '',
  ];
}

function parameterText({ name, optional = false, many = false }: Parameter): string {
  const text = many ? `${name}…` : name;
  return optional ? `[${text}]` : text;
}

const TABLE_HEAD = ['| | |', '|---|---|'];

function parameterRows(parameters: readonly Parameter[]): string[] {
  if (parameters.length === 0) return [];
  const rows = parameters.map(({ name, help, oneOf }) => `| \`${name}\` | ${cell(help, oneOf)} |`);
  return [...TABLE_HEAD, ...rows];
}

function optionRows(options: Readonly<Record<string, Option>>, hasHead = true): string[] {
  const rows = Object.entries(options).map(([name, { value, help, oneOf }]) => {
    const flag = value === undefined ? `--${name}` : `--${name} ${value}`;
    return `| \`${flag}\` | ${cell(help, oneOf)} |`;
  });
  return rows.length > 0 && hasHead ? [...TABLE_HEAD, ...rows] : rows;
}

function cell(help: string, oneOf?: readonly string[]): string {
  const text = oneOf === undefined ? help : `${help}: ${oneOf.join(', ')}`;
  return text.replaceAll('|', '\\|').replaceAll('*', '\\*');
}
