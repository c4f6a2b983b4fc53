/** A running simulator with a bill in a folder of its own, for the tests of this package. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { type BillLine, type RunningSimulator, startSimulator } from '../start.ts';

export type Fixture = {
  /** The running simulator; `restart` replaces it. */
  simulator: RunningSimulator;
  readonly restart: () => Promise<void>;
  /** Stops the process and removes its folder. */
  readonly remove: () => Promise<void>;
};

export async function startFixture(): Promise<Fixture> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-simulator-'));
  const billPath = join(folder, 'bill.jsonl');
  const fixture = {
    simulator: await startSimulator({ billPath }),
    restart: async () => {
      fixture.simulator = await startSimulator({ billPath });
    },
    remove: async () => {
      await fixture.simulator.stop();
      await rm(folder, { recursive: true });
    },
  };
  return fixture;
}

/** The official SDK, which must not retry here: one call is one attempt. */
export function sdk(simulator: RunningSimulator): OpenAI {
  return new OpenAI({ baseURL: `${simulator.url}/v1`, apiKey: 'any-key', maxRetries: 0 });
}

/** The line of one attempt; undefined: it is not charged. */
export async function billOf(
  simulator: RunningSimulator,
  attemptId: string,
): Promise<BillLine | undefined> {
  const lines = await simulator.bill();
  return lines.find((line) => line.attempt_id === attemptId);
}

/** Polls `probe` until it returns a value; fails after `deadlineMs`. */
export async function eventually<T>(
  probe: () => Promise<T | undefined>,
  deadlineMs = 5_000,
): Promise<T> {
  const endMs = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (performance.now() > endMs) throw new Error('it did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** A chat request's body with the given knobs in its metadata. */
export function chatBody(
  metadata: Readonly<Record<string, string>> = {},
  more: Readonly<Record<string, unknown>> = {},
): string {
  return JSON.stringify({
    model: 'sim-small',
    messages: [{ role: 'user', content: 'Say something, please.' }],
    metadata,
    ...more,
  });
}

/** One plain HTTP call, without any SDK. */
export function post(
  simulator: RunningSimulator,
  body: string,
  headers: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return fetch(`${simulator.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: 'Bearer any-key', 'content-type': 'application/json', ...headers },
    body,
    ...(signal === undefined ? {} : { signal }),
  });
}
