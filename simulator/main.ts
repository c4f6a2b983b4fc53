/** Starts the simulator as a process: flags, bill, server, signals. */
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { buildApp } from './app.ts';
import { Bill } from './bill/bill.ts';

const USAGE = `A fake OpenAI-compatible provider that keeps its own bill.

  node simulator/main.ts --bill FILE [--host 127.0.0.1] [--port 0] [--json]

  --bill FILE           the bill, appended to; continued when it exists
  --host HOST           address to listen on (default 127.0.0.1)
  --port PORT           port to listen on (default 0: any free one)
  --json                when ready, print one line: {"url": "...", "bill": "..."}
  --until-stdin-closes  also stop when standard input ends, with the process that started this
  --help                show this text
`;

const say = (message: string): void => {
  process.stderr.write(`simulator: ${message}\n`);
};

function fail(cause: unknown): never {
  say(cause instanceof Error ? cause.message : String(cause));
  process.exit(1);
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      bill: { type: 'string' },
      host: { type: 'string', default: '127.0.0.1' },
      port: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      'until-stdin-closes': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const port = Number(values.port);
  if (!/^\d{1,5}$/.test(values.port) || port > 65_535) throw new Error('--port: 0 to 65535');
  return { ...values, port };
}

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags.help) {
    process.stdout.write(USAGE);
    return;
  }
  if (flags.bill === undefined) throw new Error(`--bill FILE is missing\n\n${USAGE}`);
  const billPath = resolve(flags.bill);
  const app = buildApp(await Bill.open(billPath, say, fail), say);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    app.stop().then(() => process.exit(0), fail);
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  if (flags['until-stdin-closes']) process.stdin.on('end', stop).on('error', stop).resume();
  app.server.on('error', fail);
  app.server.listen(flags.port, flags.host, () => {
    const { address, port, family } = app.server.address() as AddressInfo;
    const url = `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
    const ready = flags.json ? JSON.stringify({ url, bill: billPath }) : `ready at ${url}/v1`;
    process.stdout.write(`${ready}\n`);
  });
}

main().catch(fail);
