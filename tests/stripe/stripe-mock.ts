/**
 * Stripe's own stripe-mock, which checks requests against Stripe's OpenAPI description and answers with
 * its fixtures. It is built through Go's module proxy, once a machine, and nothing of it is committed.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const VERSION = 'v0.203.0';
const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/stripe-mock', import.meta.url));
const BINARY = join(FOLDER, `stripe-mock-${VERSION}`, 'stripe-mock');
/** Fetching and compiling it for the first time takes about 30 s. */
const BUILD_MS_MAX = 240_000;
const START_MS_MAX = 20_000;

/** Why it cannot be had here, or null once it is built. */
export function stripeMockUnavailable(): string | null {
  if (existsSync(BINARY)) return null;
  const built = spawnSync('go', ['install', `github.com/stripe/stripe-mock@${VERSION}`], {
    encoding: 'utf8',
    timeout: BUILD_MS_MAX,
    env: { ...process.env, GOBIN: join(BINARY, '..') },
  });
  if (built.error !== undefined) return 'Go is missing: see https://go.dev/doc/install';
  return built.status === 0 ? null : `Go could not build stripe-mock: ${built.stderr.trim()}`;
}

export interface StripeMock {
  readonly url: string;
  readonly stop: () => Promise<void>;
}

export async function startStripeMock(): Promise<StripeMock> {
  const port = await freePort();
  const child = spawn(BINARY, ['-http-port', String(port)], { stdio: 'ignore' });
  const url = `http://127.0.0.1:${port}`;
  await listening(url, child);
  return {
    url,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** One request as it was sent to the fake, sent to stripe-mock. */
export async function replay(
  { url }: StripeMock,
  request: { readonly method: string; readonly path: string; readonly form: string },
): Promise<{ readonly status: number; readonly body: unknown }> {
  const { method, path, form } = request;
  const target = method === 'GET' && form !== '' ? `${path}?${form}` : path;
  const response = await fetch(`${url}${target}`, {
    method,
    headers: {
      authorization: 'Bearer sk_test_fake',
      'content-type': 'application/x-www-form-urlencoded',
    },
    ...(method === 'POST' ? { body: form } : {}),
  });
  return { status: response.status, body: await response.json() };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('there is no free port');
  return address.port;
}

async function listening(url: string, child: ChildProcess): Promise<void> {
  const endMs = performance.now() + START_MS_MAX;
  for (;;) {
    const up = await fetch(url).then(
      () => true,
      () => false,
    );
    if (up) return;
    if (child.exitCode !== null || performance.now() > endMs) {
      throw new Error('stripe-mock did not start');
    }
    await sleep(50);
  }
}
