/**
 * One attempt on a real journal, ledger and provider socket, watched from inside: what its lease
 * holds and has spent when the end is written, when it is durable, and afterwards.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Journal, openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { createUpstream } from '@tollgate/adapters/provider/upstream.ts';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BudgetBook, type BudgetHold } from '../budget/budget-book.ts';
import { proxyLimits } from '../limits.ts';
import { defineBudget } from '../testing/budget-house.ts';
import { Attempt } from './attempt.ts';
import type { AttemptFacts } from './attempt-event.ts';
import type { CallDeps } from './call-deps.ts';
import { Deadlines } from './deadlines.ts';
import { readRequest } from './request.ts';

const HOLD = 1_000n;
/** 1 pico-dollar a token. */
const PRICE = compilePrice({
  input: [{ from_input_tokens: 0, pico_usd_per_million: '1000000' }],
  output: [{ from_input_tokens: 0, pico_usd_per_million: '1000000' }],
});
const ATTEMPT = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';

let folder: string;
let journal: Journal;
let ledger: Ledger;
let servers: Server[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-attempt-'));
  journal = await openJournal({ path: join(folder, 'journal.sqlite') });
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  servers = [];
});
afterEach(async () => {
  for (const server of servers) server.close();
  await Promise.all([journal.close(), ledger.close()]);
  rmSync(folder, { recursive: true, force: true });
});

async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  servers.push(server);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function holdOne(): Promise<BudgetHold[]> {
  const definition = await defineBudget(ledger, 'bud_1');
  const book = new BudgetBook({
    ledger,
    journal,
    instanceId: 'ins_1',
    newLeaseId: () => 'lse_1',
    limits: proxyLimits,
    onError: (error) => {
      throw error;
    },
  });
  const held = await book.hold([{ definition, amount: HOLD }], Date.now());
  if (held.kind !== 'held') throw new Error(held.kind);
  return held.holds;
}

/** One call to a provider that answers so. @returns the lease at each step of its end */
async function callOnce(
  status: number,
  answer: object | string,
  type = 'application/json',
  end: 'ends' | 'breaks' = 'ends',
) {
  const baseUrl = await listen((_request, response) => {
    response.writeHead(status, { 'content-type': type });
    const body = typeof answer === 'string' ? answer : JSON.stringify(answer);
    if (end === 'ends') response.end(body);
    else response.write(body, () => response.destroy());
  });
  const upstream = createUpstream({
    baseUrl,
    apiKey: '',
    connectionsMax: 1,
    connectTimeoutMs: 5_000,
    headersTimeoutMs: 5_000,
    bodyTimeoutMs: 5_000,
  });
  const holds = await holdOne();
  const [lease] = holds[0]?.account.leases ?? [];
  const steps: [string, bigint | undefined, bigint | undefined][] = [];
  const look = (step: string) => steps.push([step, lease?.held, lease?.spent]);
  const watched: Pick<Journal, 'submit'> = {
    submit(write, done) {
      if (write.op !== 'finished') return journal.submit(write, done);
      look('written');
      journal.submit(write, (error) => {
        look('durable');
        done(error);
        look('done');
      });
    },
  };
  const deps = {
    limits: proxyLimits,
    journal: watched,
    deadlines: new Deadlines(proxyLimits.attemptTimeoutMs),
    onSettled: () => undefined,
    onJournalFailure: (error: Error) => {
      throw error;
    },
  } as unknown as CallDeps;
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hi' }] });
  const request = readRequest('chat.completions', Buffer.from(body), 9);
  const deployment = {
    provider: { name: 'p', upstream, notBilledStatuses: new Set([429]) },
    model: 'm',
    price: { price: PRICE, version: 'v1', source: 'config' },
  };
  const facts = {
    attemptId: ATTEMPT,
    callId: ATTEMPT,
    attempt: 1,
    instanceId: 'ins_1',
    key: {
      ...{ customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live' },
      ...{ tags: {}, partition: 0 },
    },
    request: request.ok ? request.request : null,
    deployment,
    holds,
    startedAtMs: Date.now(),
  } as unknown as AttemptFacts;
  const front = await listen((_request, response) => {
    const arrivedAtMs = performance.now();
    new Attempt({ deps, facts, response, arrivedAtMs, onDone: () => undefined }).start();
  });
  const response = await fetch(front);
  // One that breaks off at the provider breaks off here too.
  await response.text().catch((error) => {
    if (end === 'ends') throw error;
  });
  await upstream.close();
  const { leases } = await journal.contents();
  return { status: response.status, steps, total: leases[0]?.spent };
}

describe('the hold of an attempt', () => {
  it('I3: is freed only when the charge is durable', async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 12 };
    expect(await callOnce(200, { usage })).toEqual({
      status: 200,
      steps: [
        ['written', HOLD, 0n],
        ['durable', HOLD, 0n],
        ['done', 0n, 42n],
      ],
      total: 42n,
    });
  });

  it('I3: is charged as a stream states it, however its media type is written (RFC 9110 §8.3.1)', async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 12 };
    const events = `data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`;
    const { steps, total } = await callOnce(200, events, 'Text/Event-Stream');
    expect([steps.at(-1), total]).toEqual([['done', 0n, 42n], 42n]);
  });

  it('I3: is charged as a stream states it in the end, though it breaks before it says so', async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 12 };
    const events = `data: ${JSON.stringify({ choices: [], usage })}\n\n`;
    const { total } = await callOnce(200, events, 'text/event-stream', 'breaks');
    expect(total).toBe(42n);
  });

  const afterBreak = async (usage: object) => {
    const choices = [{ delta: { content: 'lots of text' } }];
    const events = `data: ${JSON.stringify({ choices, usage })}\n\n`;
    const { steps, total } = await callOnce(200, events, 'text/event-stream', 'breaks');
    return [steps.at(-1), total];
  };

  it('I3: is charged in full when a stream breaks that has stated zeros', async () => {
    const usage = { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 };
    expect(await afterBreak(usage)).toEqual([['done', 0n, HOLD], HOLD]);
  });

  it('I3: is charged in full when a stream breaks that has stated what was used so far', async () => {
    const usage = { prompt_tokens: 30, completion_tokens: 1, total_tokens: 31 };
    expect(await afterBreak(usage)).toEqual([['done', 0n, HOLD], HOLD]);
  });

  it('I3: is charged in full when nobody knows what was used', async () => {
    const { steps, total } = await callOnce(500, { error: { message: 'overloaded' } });
    expect([steps.at(-1), total]).toEqual([['done', 0n, HOLD], HOLD]);
  });

  it('is freed without a charge when the provider says by its status that it bills nothing', async () => {
    const { steps, total } = await callOnce(429, { error: { message: 'slow down' } });
    expect([steps.at(-1), total]).toEqual([['done', 0n, 0n], 0n]);
  });
});
