import {
  noQuantities,
  toEventQuantities,
  unknownQuantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { attempt, type House, openHouse } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { apiLimits } from '../../limits.ts';
import { ImportLock } from '../../reconciliation/import-lock.ts';
import { ResourceIndex } from '../../resources/resource-index.ts';
import { importBill } from './reconciliations.ts';

const HOUR_MS = 3_600_000;
const START = Date.parse('2026-11-24T00:00:00.000Z');

let house: House;
let directory: ResourceIndex;
let projector: Awaited<ReturnType<House['start']>>;
let imports = 0;
let nowMs = START + HOUR_MS;
beforeAll(async () => {
  house = await openHouse();
  projector = await house.start('p1');
  const onLost = (error: unknown): void => {
    throw error;
  };
  directory = new ResourceIndex({
    ledger: house.ledger,
    retryMs: { first: 50, max: 2_000 },
    onLost,
  });
  await directory.start();
});
afterAll(async () => {
  await directory.stop();
  await projector.stop();
  await house.close();
});

function unknownAt(minute: number): UsageEvent {
  const unknown = { ...unknownQuantities(), usage_source: 'none', cost: null } as const;
  return attempt({ ...unknown, status: 'unknown' }, START + minute * 60_000);
}

const lineOf = (event: UsageEvent, cost: string, inputTokens = 7) => ({
  attempt_id: event.id,
  ...toEventQuantities({ ...noQuantities(), inputTokens, requests: inputTokens === 0 ? 0 : 1 }),
  cost,
});

const importLock = new ImportLock();

/** The bill of the hour that begins at START. No resolver runs, so no resolution is counted. */
async function send(
  lines: ReturnType<typeof lineOf>[],
  provider = 'simulator',
  more: { start?: string; end?: string; bill_end?: string } = {},
): Promise<string> {
  const at = (ms: number) => new Date(ms).toISOString();
  const { ledger, warehouse } = house;
  const context = { ledger, warehouse, directory, limits: apiLimits, importLock };
  const id = `rec_${imports++}`;
  const body = {
    provider,
    start: at(START),
    end: at(START + HOUR_MS),
    bill_start: at(START - HOUR_MS),
    bill_end: at(START + 2 * HOUR_MS),
    lines,
    ...more,
  };
  try {
    const input = { params: {}, query: {}, body: importBill.body?.parse(body), timeMs: nowMs };
    await importBill.handler(
      { ...input, newId: () => id } as unknown as Parameters<typeof importBill.handler>[0],
      context as unknown as ApiContext,
    );
    return 'accepted';
  } catch (error) {
    if (error instanceof ApiProblem) return `${error.code} ${error.details.detail}`;
    throw error;
  }
}

it('I2: a second, different figure is refused while the first resolution is still to come', async () => {
  const [arrived, late, unbilled, outside] = [
    unknownAt(1),
    unknownAt(2),
    unknownAt(3),
    unknownAt(-20),
  ] as [UsageEvent, UsageEvent, UsageEvent, UsageEvent];
  await house.append([arrived, unbilled]);
  await projector.caughtUp();
  const bill = [arrived, late, outside].map((event) => lineOf(event, '0.250000000000'));
  expect(await send(bill)).toBe('accepted');
  // The same may be said again, by a bill that says less, or about another provider.
  expect(await send(bill)).toBe('accepted');
  expect(await send(bill.slice(1))).toBe('accepted');
  expect(await send(bill)).toBe('accepted');
  expect(await send([lineOf(unbilled, '0.000000000000', 0)])).toBe('accepted');
  expect(await send([lineOf(arrived, '9.000000000000')], 'other')).toBe('accepted');
  for (const event of [arrived, late, outside]) {
    expect(await send([lineOf(event, '0.250000000001')])).toBe(`already_resolved ${event.id}`);
    expect(await send([lineOf(event, '0.250000000000', 8)])).toBe(`already_resolved ${event.id}`);
  }
  // The first bill was complete for its range: no line means that nothing was billed.
  expect(await send([lineOf(unbilled, '0.250000000000')])).toBe(`already_resolved ${unbilled.id}`);
});

it('I2: of two simultaneous bills that differ, one is refused', async () => {
  const event = unknownAt(-10);
  const answers = await Promise.all(
    ['0.100000000000', '0.200000000000'].map((cost) => send([lineOf(event, cost)])),
  );
  expect(answers.sort()).toEqual(['accepted', `already_resolved ${event.id}`]);
});

it('I2: an attempt in capitals is the same attempt, and a bill may name it only once', async () => {
  const event = unknownAt(40);
  const capitals = (cost: string) => ({
    ...lineOf(event, cost),
    attempt_id: event.id.toUpperCase(),
  });
  const ask = (lines: ReturnType<typeof lineOf>[]) => send(lines, 'capitals');
  const [five, six] = ['5.000000000000', '6.000000000000'] as const;
  expect(await ask([lineOf(event, five), capitals(six)])).toBe(`duplicate_attempt ${event.id}`);
  expect(await ask([capitals(five)])).toBe('accepted');
  expect(await ask([lineOf(event, six)])).toBe(`already_resolved ${event.id}`);
  expect(await ask([lineOf(event, five)])).toBe('accepted');
  const stored = await house.ledger.read(`reconciliation-rec_${imports - 1}`);
  expect(JSON.stringify(stored, (_, value) => (typeof value === 'bigint' ? '' : value))).toContain(
    event.id,
  );
});

it('I2: bills contradict each other across the end of a range too', async () => {
  const at = (ms: number) => new Date(ms).toISOString();
  const ask = (lines: ReturnType<typeof lineOf>[], more = {}) => send(lines, 'edges', more);
  const nextHour = {
    start: at(START + HOUR_MS),
    end: at(START + 2 * HOUR_MS),
    bill_end: at(START + 3 * HOUR_MS),
  };
  const [near, far] = [unknownAt(70), unknownAt(100)];
  expect(await ask([lineOf(far, '5.000000000000')])).toBe(`attempt_outside_bill ${far.id}`);
  expect(await ask([lineOf(near, '5.000000000000')])).toBe('accepted');
  // By leaving the attempt out, it says that nothing was billed.
  nowMs = START + 2 * HOUR_MS;
  expect(await ask([], nextHour)).toBe(`already_resolved ${near.id}`);
  const other = await ask([lineOf(near, '7.000000000000')], nextHour);
  expect(other).toBe(`already_resolved ${near.id}`);
  expect(await ask([lineOf(near, '5.000000000000')], nextHour)).toBe('accepted');
});

it('I2: no bill is complete for attempts that have not started (a mistyped year)', async () => {
  const at = (ms: number) => new Date(ms).toISOString();
  const more = { end: at(nowMs + HOUR_MS), bill_end: at(nowMs + 3 * HOUR_MS) };
  expect(await send([], 'simulator', more)).toBe('bill_range_not_past undefined');
});
