/** The load generator: wrk, closed loop, one thread. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type Load = {
  requests: number;
  rps: number;
  p50Ms: number;
  p99Ms: number;
};

const SCRIPT = fileURLToPath(new URL('./post.lua', import.meta.url));

/** @throws Error if wrk is missing, or any answer was not a success */
export async function load(options: {
  url: string;
  connections: number;
  seconds: number;
  body: string;
  headers: Readonly<Record<string, string>>;
  /** A text in the body that is another number in each request. */
  unique?: string;
}): Promise<Load> {
  const { url, connections, seconds, body, headers, unique } = options;
  const env = {
    ...process.env,
    BENCH_BODY: body,
    BENCH_HEADERS: Object.entries(headers)
      .map(([name, value]) => `${name}: ${value}`)
      .join('\n'),
    ...(unique === undefined ? {} : { BENCH_UNIQUE: unique }),
  };
  const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '10s', '-s', SCRIPT, url];
  const output = await run('wrk', args, env);
  const line = output.split('\n').find((candidate) => candidate.startsWith('bench '));
  if (line === undefined) throw new Error(`wrk said nothing that can be read:\n${output}`);
  const [requests, micros, p50, p99, errors] = line
    .slice('bench '.length)
    .split(' ')
    .map(Number) as [number, number, number, number, number];
  if (errors > 0) throw new Error(`${errors} of ${requests} requests to ${url} failed`);
  if (requests === 0) throw new Error(`${url} answered nothing`);
  return { requests, rps: requests / (micros / 1e6), p50Ms: p50 / 1000, p99Ms: p99 / 1000 };
}

export function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
  cwd?: string,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, ...(cwd === undefined ? {} : { cwd }) });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', (cause) => {
      const hint = 'install it first (Debian: apt-get install wrk golang)';
      reject(new Error(`${command} cannot be started: ${hint}`, { cause }));
    });
    child.once('close', (code) => {
      if (code === 0) resolve(output);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}:\n${output}`));
    });
  });
}
