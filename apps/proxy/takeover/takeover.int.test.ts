/**
 * A take-over survives its own death (docs/design.md, Settling and taking over): the disk is copied
 * right before and right after every append of one take-over, as a kill there would leave it, and
 * each copy is taken over again.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { journalPath } from '@tollgate/adapters/journal/instance-files.ts';
import { openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { LeaseRequest } from '@tollgate/adapters/journal/journal-writes.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { startedText } from '@tollgate/domain/usage/event/event-text.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { BudgetHold } from '../budget/budget-book.ts';
import { appendGrant } from '../budget/lease-events.ts';
import type { AttemptFacts } from '../call/attempt-facts.ts';
import { takeOverDead } from './takeover.ts';

const DEAD = 'ins_dead';
const STREAM = 'budget-bud_1@20260101T000000Z';
/** A window that the dead proxy has not opened yet. */
const NEW_STREAM = 'budget-bud_2@20260101T000000Z';
const ATTEMPT = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';
const HOLD = 300n;
const CHARGED = 40n;

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'tollgate-takeover-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function openStores(folder: string) {
  const log = await openSqliteLog({
    path: join(folder, 'log.sqlite'),
    topic: 'usage',
    ordinal: 0,
    partitions: 1,
  });
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  return { log, ledger, close: () => Promise.all([log.close(), ledger.close()]) };
}

const request = (leaseId: string, expectedRevision: string, stream = STREAM): LeaseRequest => ({
  leaseId,
  stream,
  expectedRevision,
  eventId: `grant of ${leaseId}`,
  amount: 1_000n,
  opening: null,
});

/** A call in flight with a hold on `lse_1`. */
function startedAttempt(): string {
  const account = { stream: STREAM };
  const parts = [{ lease: { leaseId: 'lse_1' }, amount: HOLD }];
  return startedText({
    attemptId: ATTEMPT,
    callId: ATTEMPT,
    attempt: 1,
    instanceId: DEAD,
    key: { customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live', tags: {} },
    request: { endUser: null, model: 'm', endpoint: 'embeddings', stream: false },
    deployment: { provider: { name: 'p' }, model: 'm', price: null },
    holds: [{ account, unit: { text: 'usd' }, parts }] as unknown as BudgetHold[],
    startedAtMs: Date.UTC(2026, 0, 5),
  } as unknown as AttemptFacts);
}

/**
 * The files of a proxy that died with one slice in use, two slices requested and not answered, one of
 * them the first of its window, one call finished and not shipped, and one call in flight.
 */
async function dieWithWork(folder: string): Promise<void> {
  const { ledger, close } = await openStores(folder);
  await ledger.append(STREAM, 'no_stream', [{ id: 'opened', type: 'WindowOpened', data: {} }]);
  const journal = await openJournal({ path: journalPath(folder, DEAD) });
  await journal.write({ op: 'lease_requested', request: request('lse_1', '0') });
  await appendGrant(ledger, DEAD, request('lse_1', '0'));
  await journal.write({ op: 'lease_granted', leaseId: 'lse_1' });
  await journal.write({ op: 'lease_requested', request: request('lse_2', '1') });
  const opening = JSON.stringify({ id: 'opened', type: 'WindowOpened', data: {} });
  const first = { ...request('lse_3', 'no_stream', NEW_STREAM), opening };
  await journal.write({ op: 'lease_requested', request: first });
  await journal.write({ op: 'started', attemptId: 'done', event: '{}' });
  await journal.write({ op: 'started', attemptId: ATTEMPT, event: startedAttempt() });
  const charges = [{ leaseId: 'lse_1', amount: CHARGED }];
  const event = '{"id":"done"}';
  await journal.write({ op: 'finished', attemptId: 'done', partition: 0, event, charges });
  await journal.close();
  await close();
}

async function takeOver(folder: string, stores: { ledger: Ledger; log: Log }) {
  const { ledger, log } = stores;
  const deps = { folder, instanceId: 'ins_taker', ledger, log, shipBatchRecordsMax: 10 };
  await takeOverDead(deps, () => undefined);
  const records = await log.read({ partition: 0, offset: 0n, maxRecords: 100, maxBytes: 1e6 });
  const events = records.map(({ value }) => {
    const { id, status } = JSON.parse(Buffer.from(value).toString()) as Record<string, string>;
    return `${id} ${status ?? 'as stored'}`;
  });
  const window = await ledger.read(STREAM, { fromRevision: 1n });
  window.push(...(await ledger.read(NEW_STREAM)));
  return {
    // At least once: a record whose append a death left in doubt is there twice, byte for byte.
    events: [...new Set(events)].sort(),
    window: window.map(({ type, data }) => {
      const { lease_id, spent } = data as Record<string, string>;
      return [type, lease_id, spent];
    }),
    journal: existsSync(journalPath(folder, DEAD)),
  };
}

it('I1, I3: finishes, ships and settles once, whichever step its own death comes at', async () => {
  const folder = join(root, 'disk');
  mkdirSync(folder);
  await dieWithWork(folder);
  const images: string[] = [];
  const image = () => {
    images.push(join(root, `image-${images.length}`));
    cpSync(folder, images.at(-1) as string, { recursive: true });
  };
  const imaged = async <T>(append: () => Promise<T>): Promise<T> => {
    image();
    const result = await append();
    image();
    return result;
  };
  const { ledger, log, close } = await openStores(folder);
  const undisturbed = await takeOver(folder, {
    ledger: { ...ledger, append: (...args) => imaged(() => ledger.append(...args)) },
    log: { ...log, append: (records) => imaged(() => log.append(records)) },
  });
  await close();
  const again = images.map(async (copy) => {
    const stores = await openStores(copy);
    const outcome = await takeOver(copy, stores);
    await stores.close();
    return outcome;
  });
  expect(undisturbed).toEqual({
    events: [`${ATTEMPT} unknown`, 'done as stored'].sort(),
    window: [
      ['LeaseGranted', 'lse_1', undefined],
      ['LeaseGranted', 'lse_2', undefined],
      ['LeaseSettled', 'lse_1', '0.000000000340'],
      ['LeaseSettled', 'lse_2', '0.000000000000'],
      ['WindowOpened', undefined, undefined],
      ['LeaseGranted', 'lse_3', undefined],
      ['LeaseSettled', 'lse_3', '0.000000000000'],
    ],
    journal: false,
  });
  // Before and after two grants, a batch shipped and three settlements.
  expect(images).toHaveLength(12);
  for (const outcome of await Promise.all(again)) expect(outcome).toEqual(undisturbed);
});

it('I1: a call in flight that its schema would refuse holds up nothing behind it', async () => {
  const folder = join(root, 'disk');
  mkdirSync(folder);
  await dieWithWork(folder);
  const journal = await openJournal({ path: journalPath(folder, DEAD) });
  const odd = startedAttempt()
    .replaceAll(ATTEMPT, 'odd')
    .replace('"p/m"', `"p/${'m'.repeat(999)}"`);
  await journal.write({ op: 'started', attemptId: 'odd', event: odd });
  await journal.close();
  const stores = await openStores(folder);
  const { events, journal: isLeft } = await takeOver(folder, stores);
  await stores.close();
  expect(events).toEqual([`${ATTEMPT} unknown`, 'done as stored', 'odd unknown'].sort());
  expect(isLeft).toBe(false);
});

it('I1: a journal that was damaged is refused by name, and holds up no other', async () => {
  const folder = join(root, 'disk');
  mkdirSync(folder);
  await dieWithWork(folder);
  const damaged = journalPath(folder, 'ins_damaged');
  cpSync(journalPath(folder, DEAD), damaged, { recursive: true });
  const segment = join(damaged, readdirSync(damaged)[0] as string);
  const bytes = readFileSync(segment);
  bytes[bytes.indexOf('lse_1')] = 0;
  writeFileSync(segment, bytes);
  const { ledger, log, close } = await openStores(folder);
  const deps = { folder, instanceId: 'ins_taker', ledger, log, shipBatchRecordsMax: 100 };
  const taken: string[] = [];
  await expect(takeOverDead(deps, ({ instanceId }) => taken.push(instanceId))).rejects.toThrow(
    /ins_damaged.*damaged at byte/,
  );
  await close();
  expect(taken).toEqual([DEAD]);
  expect(readFileSync(segment).equals(bytes)).toBe(true);
});
