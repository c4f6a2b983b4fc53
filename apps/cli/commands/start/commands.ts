/** `tollgate start` and `tollgate demo`: processes of their own, which this one stays in front of. */
import { fileURLToPath } from 'node:url';
import type { Command, CommandContext, Option } from '../../command.ts';

const FILES = {
  start: '../../../standalone/main.ts',
  demo: '../../../standalone/demo/main.ts',
} as const;

export const startCommand: Command = {
  name: 'start',
  summary: 'run the whole product on this machine',
  detail: `Proxies, meter and billing API, data in one folder. Without a provider it offers a simulator. Ctrl-C lets
running calls end; again ends all at once.`,
  options: {
    'proxy-port': { type: 'string', value: 'N', help: 'port of the proxies (default: 8787)' },
    'api-port': { type: 'string', value: 'N', help: 'port of the billing API (default: 8788)' },
    proxies: { type: 'string', value: 'N', help: 'proxy processes behind the port (default: 1)' },
  },
  examples: [
    { line: 'tollgate start', help: 'prints an admin token, once, and a call that works' },
    { line: 'tollgate start --proxies 4 --json', help: 'one line of JSON when it is ready' },
  ],
  run: (context) =>
    runMain(context, FILES.start, ['data', 'config', 'json', 'proxy-port', 'api-port', 'proxies']),
};

const demoOptions: Record<string, Option> = {
  scenario: {
    ...{ type: 'string', value: 'NAME', help: 'what happens (default: month)' },
    oneOf: ['month', 'stampede', 'routing'],
  },
  calls: { type: 'string', value: 'N', help: 'calls to send' },
  rounds: { type: 'string', value: 'N', help: 'of the stampede' },
  trace: { type: 'string', value: 'FILE', help: 'replay a CSV' },
  speed: { type: 'string', value: 'X', help: 'pace of the trace' },
  proxies: { type: 'string', value: 'N', help: 'proxy processes behind one port' },
  engines: { type: 'string', value: 'NAME', help: 'where', oneOf: ['embedded', 'distributed'] },
  keep: { type: 'boolean', help: 'leave the platform running, to explore' },
};

export const demoCommand: Command = {
  name: 'demo',
  summary: 'run the product with a workload, and compare its bill with the provider’s',
  detail: 'In a temporary folder, with a simulated provider. Any difference ends it with 1.',
  options: demoOptions,
  examples: [
    { line: 'tollgate demo', help: 'to an invoice that anyone can check' },
    {
      line: 'tollgate demo --scenario stampede',
      help: 'a thousand calls at once on small budgets',
    },
  ],
  run: (context) => runMain(context, FILES.demo, ['data', ...Object.keys(demoOptions)]),
};

/** Its output, its signals and its exit code are ours. */
async function runMain(
  { values, runProgram }: CommandContext,
  file: string,
  names: readonly string[],
): Promise<number> {
  const args = names.flatMap((name) => {
    const value = values[name];
    if (value === true) return [`--${name}`];
    return typeof value === 'string' ? [`--${name}`, value] : [];
  });
  return await runProgram([fileURLToPath(new URL(file, import.meta.url)), ...args]);
}
