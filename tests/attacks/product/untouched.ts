/**
 * What must hold for the honest tenant, for all that was stored, and for the processes, whatever was
 * tried meanwhile. Each finding is a sentence; none means that nothing was touched.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { closeAll } from '@tollgate/audit/bill/closing.ts';
import { type BillLine, readBill, readEvents, sum } from '@tollgate/audit/bill/figures.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { runningConfig } from '@tollgate/standalone/platform-process.ts';
import { type AttackedHouse, type AttackedKey, HONEST_MODELS } from './attacked-house.ts';
import { type HonestTenant, percentile, type Window } from './honest-tenant.ts';

/** While the projector is this far behind, records, it keeps up: some ten seconds of usage. */
const LAG_RECORDS_MAX = 2_000;
const SAMPLE_EVERY_MS = 500;
/** Until budgets have settled, the projector is level and nothing is in flight, ms. */
const SETTLE_MS = 90_000;
/** What a busy machine adds to any figure, ms: below it twice as much is no sign of anything. */
const NOISE_MS = 50;

export type Figures = {
  calls: number;
  streams: number;
  p50Ms: number;
  p99Ms: number;
  silenceMs: number;
  /** Of the same calls without the gateway. */
  plainP99Ms: number;
};

export function figuresOf({ calls, streams, latencies, silences, plain }: Window): Figures {
  const rounded = (ms: number) => Math.round(ms * 10) / 10;
  return {
    ...{ calls, streams },
    p50Ms: rounded(percentile(latencies, 0.5)),
    p99Ms: rounded(percentile(latencies, 0.99)),
    silenceMs: rounded(percentile(silences, 0.99)),
    plainP99Ms: rounded(percentile(plain, 0.99)),
  };
}

/**
 * The machine is also busy with the attackers and with whatever else runs on it: by as much as calls
 * without the gateway became slower, those with it may.
 *
 * @param factor how much longer than when it is quiet the slowest hundredth may take
 */
export function latencyFindings(quiet: Figures, now: Figures, factor: number): string[] {
  const busier = Math.max(1, now.plainP99Ms / quiet.plainP99Ms);
  const usualMs = quiet.p99Ms * busier;
  if (now.p99Ms <= Math.max(usualMs * factor, usualMs + NOISE_MS)) return [];
  return [
    `the honest tenant's p99 was ${now.p99Ms} ms; quiet it is ${quiet.p99Ms} ms, ` +
      `and calls without the gateway took ${busier.toFixed(1)} times as long`,
  ];
}

export function windowFindings({ calls, streams, failures, failed }: Window): string[] {
  if (calls === 0 || streams === 0) return ['the honest tenant made no calls'];
  return failed === 0 ? [] : [`${failed} honest calls failed: ${failures.slice(0, 3).join('; ')}`];
}

/** Watches the projector's lag and the processes while something runs. */
export class Watch {
  readonly #house: AttackedHouse;
  readonly #pids: string;
  #lagMax = 0;
  #lag = 0;
  #unreachable = 0;
  #running = true;
  #watching: Promise<void>;

  constructor(house: AttackedHouse) {
    this.#house = house;
    this.#pids = pidsOf(house);
    this.#watching = this.#watch();
  }

  get lagMax(): number {
    return this.#lagMax;
  }

  async stop(): Promise<string[]> {
    this.#running = false;
    await this.#watching;
    const findings: string[] = [];
    if (this.#lagMax > LAG_RECORDS_MAX) findings.push(`the projector was ${this.#lagMax} behind`);
    if (this.#unreachable > 0) findings.push(`/metrics failed ${this.#unreachable} times`);
    if (pidsOf(this.#house) !== this.#pids) findings.push('a process of the product was replaced');
    return findings;
  }

  async #watch(): Promise<void> {
    while (this.#running) {
      const lag = await lagOf(this.#house);
      if (lag === null) this.#unreachable += 1;
      else this.#lag = lag;
      this.#lagMax = Math.max(this.#lagMax, this.#lag);
      await sleep(SAMPLE_EVERY_MS);
    }
  }
}

/** Records without a row; null: the API does not say in time. */
async function lagOf({ platform }: AttackedHouse): Promise<number | null> {
  try {
    const signal = AbortSignal.timeout(SAMPLE_EVERY_MS * 10);
    const text = await (await fetch(`${platform.apiUrl}/metrics`, { signal })).text();
    const lag = /^tollgate_projector_lag_records\{process="core"\} (\d+)/m.exec(text)?.[1];
    return lag === undefined ? null : Number(lag);
  } catch {
    // Counted by the caller: an API that does not answer its operator is touched.
    return null;
  }
}

/** Of the supervisor and its children, as of now. */
function pidsOf({ data }: AttackedHouse): string {
  return readFileSync(join(data, 'run', 'state.json'), 'utf8');
}

/** The honest tenant must be paused. Compares its provider's bill with all places. */
export async function settledFindings(
  house: AttackedHouse,
  tenant: HonestTenant,
): Promise<string[]> {
  const log = await openLog(
    { config: runningConfig(house.data), data: house.data, clientId: 'attacks', logger: SILENT },
    'usage',
  );
  try {
    return await compare(house, tenant, log);
  } finally {
    await log.close();
  }
}

const SILENT = { warn: () => undefined };

const isHonest = ({ model }: { model?: string }) =>
  Object.values(HONEST_MODELS).some((name) => name === model);

async function compare(house: AttackedHouse, tenant: HonestTenant, log: Log): Promise<string[]> {
  const findings: string[] = [];
  const bill = (readBill(house.platform.bill) as (BillLine & { model: string })[]).filter(isHonest);
  const billed = sum(bill);
  const { calls, streams } = tenant.total;
  if (bill.length !== calls + streams) {
    findings.push(`${bill.length} honest calls are billed, ${calls + streams} were made`);
  }
  const spent = await settledSpend(house, house.honest, billed.cost);
  if (spent !== null) findings.push(`the honest budget says ${spent}, the bill ${billed.cost}`);
  const strangers = await settledSpend(house, house.stranger, '0.000000000000');
  if (strangers !== null) findings.push(`the refused key's budget says ${strangers}`);
  const events = [...(await readEvents(log)).values()];
  findings.push(...eventFindings(house, events, billed.cost));
  findings.push(...(await closingFindings(house, billed)));
  return findings;
}

function eventFindings(house: AttackedHouse, events: UsageEvent[], cost: string): string[] {
  const findings: string[] = [];
  const unknown = events.filter(({ status }) => status === 'unknown').length;
  if (unknown > 0) findings.push(`${unknown} events are unknown: a process lost its calls`);
  const mine = events.filter(({ key_id }) => key_id === house.honest.id);
  const odd = mine.filter(({ type, status }) => type !== 'attempt' || status !== 'ok');
  if (odd.length > 0)
    findings.push(`${odd.length} honest events are ${odd[0]?.type} ${odd[0]?.status}`);
  if (sum(mine).cost !== cost)
    findings.push(`honest events cost ${sum(mine).cost}, the bill ${cost}`);
  const refused = events.filter(({ type }) => type === 'refusal');
  const charged = refused.filter((event) => event.cost !== null && parseDecimal12(event.cost) > 0n);
  if (charged.length > 0) findings.push(`${charged.length} refused calls have a cost`);
  const holding = refused.filter(({ hold_lease_ids }) => hold_lease_ids.length > 0);
  if (holding.length > 0) findings.push(`${holding.length} refused calls hold something`);
  const sent = events.filter(
    ({ type, key_id }) => type === 'attempt' && key_id === house.stranger.id,
  );
  if (sent.length > 0) findings.push(`${sent.length} calls of the refused key were sent`);
  return findings;
}

/** Closes the honest tenant's period now. */
async function closingFindings(
  { api, honest }: AttackedHouse,
  billed: ReturnType<typeof sum>,
): Promise<string[]> {
  const { snapshots, invoices } = await closeAll(api, [honest.customerId]);
  const places = Object.entries({ snapshots, invoices });
  return places.flatMap(([name, figures]) =>
    JSON.stringify(figures) === JSON.stringify(billed)
      ? []
      : [`the honest ${name} say ${JSON.stringify(figures)}, the bill ${JSON.stringify(billed)}`],
  );
}

/** @returns null once it has spent exactly so much and holds nothing; else what it says in the end */
async function settledSpend(
  { api }: AttackedHouse,
  key: AttackedKey,
  cost: string,
): Promise<string | null> {
  for (const untilMs = performance.now() + SETTLE_MS; ; ) {
    const path = `/v1/budgets/${key.budgetId}`;
    const { current } = await api.get<{ current: { spent: string; held: string } }>(path);
    if (current.spent === cost && parseDecimal12(current.held) === 0n) return null;
    if (performance.now() > untilMs) return `${current.spent} spent, ${current.held} held`;
    await sleep(250);
  }
}
