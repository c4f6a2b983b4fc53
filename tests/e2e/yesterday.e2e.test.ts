/**
 * A ledger and a log that commit b214725 wrote (`fixtures/b214725/README.md`): the code of today
 * reads them, makes the same of them, and closes the next period to the same bytes.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataFolder } from '@tollgate/adapters/config/data-folder.ts';
import { anyLedgerEvent, billingEvents } from '@tollgate/adapters/ledger/categories.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { openReplayKeys } from '@tollgate/adapters/secrets/replay-keys.ts';
import { runAudit } from '@tollgate/audit/audit.ts';
import { buildApi } from '@tollgate/billing-api/app.ts';
import { workOutSnapshot } from '@tollgate/billing-api/closing/freeze.ts';
import { loadBilling } from '@tollgate/billing-api/closing/streams.ts';
import { rebuild } from '@tollgate/cli/commands/rebuild/rebuild.ts';
import { type OpenStores, openStores } from '@tollgate/cli/stores.ts';
import { frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { canonicalJson } from '@tollgate/domain/proof/canonical-json.ts';
import {
  exportPayloads,
  paymentCustomerPayloads,
} from '@tollgate/schemas/ledger/payment-events.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { endOfLedger, eventsAfter, readYesterday, restore } from './yesterday-house.ts';

const yesterday = readYesterday('b214725');
const { expected } = yesterday;

let folder: string;
let data: string;
let stores: OpenStores;
let api: Awaited<ReturnType<typeof buildApi>>;
let token: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-yesterday-'));
  data = join(folder, 'data');
  restore(yesterday, data);
  stores = await openStores(data);
  await rebuild(stores, {});
  const secrets = openSecrets(dataFolder(data).secrets);
  token = secrets.newAdminToken ?? '';
  api = await buildApi({
    ...stores,
    secrets,
    replayKeys: openReplayKeys(null, () => expected.now_ms),
    clock: () => expected.now_ms,
    randomBytes: counters(),
    onError: (message, cause) => {
      throw new Error(message, { cause });
    },
    health: async () => ({ ready: true, checks: {} }),
  });
});
afterAll(async () => {
  await api?.stop();
  await stores?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** As `fixtures/b214725/write.mjs` drew them: one counter for each length. */
function counters(): (length: number) => Uint8Array {
  const drawn = new Map<number, number>();
  return (length) => {
    const count = (drawn.get(length) ?? 0) + 1;
    drawn.set(length, count);
    return Buffer.alloc(length, count);
  };
}

async function call(method: 'GET' | 'POST', url: string, body?: object, key?: string) {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  };
  const payload = body === undefined ? {} : { payload: JSON.stringify(body) };
  const answer = await api.app.inject({ method, url, headers, ...payload });
  if (answer.statusCode >= 300) throw new Error(`${url}: ${answer.statusCode} ${answer.body}`);
  return answer.json();
}

/** Of customers, teams, keys, usage and calls. */
const GAINED = new Set([
  ...['cache_hits', 'saved_cost'],
  ...['cache_write_1h_tokens', 'image_input_tokens', 'image_output_tokens'],
  ...['searches', 'audio_seconds', 'characters'],
  ...['allowed_models', 'denied_models', 'key_defaults', 'billing_details', 'invoice_number'],
  ...['default_budget_ids', 'default_rate_limit_ids'],
]);

const COUNTING = {
  ...{ counts: undefined, cache_reads: undefined },
  ...{ on_exceeded: undefined, clamp_min_output_tokens: undefined },
};
const ALARMS = { thresholds: undefined };
const END_USERS = { per: undefined };
const KEYS = { end_user_required: undefined, payload_log: undefined };

/** Without the members that answers have gained since. */
async function answersTo(urls: readonly string[]): Promise<Record<string, unknown>> {
  const answers: Record<string, unknown> = {};
  for (const url of urls) answers[url] = await call('GET', url);
  return JSON.parse(JSON.stringify(answers), (name, value) => {
    if (GAINED.has(name)) return undefined;
    const since = { unresolved: undefined, thresholds_reached: undefined, parts: undefined };
    if (name === 'current') return { ...value, ...since };
    if (value?.object === 'budget') {
      const gained = { anchor: undefined, model: undefined, status: undefined };
      return { ...value, ...gained, ...COUNTING, ...ALARMS, ...END_USERS };
    }
    if (value?.object === 'invoice') {
      return { ...value, export: undefined, credited_minor: undefined };
    }
    if (value?.object === 'key') return { ...value, ...KEYS };
    if (value?.object === 'period') return { ...value, currency: undefined };
    if (value?.object === 'reconciliation') return { ...value, ruling: undefined };
    if (typeof value?.archived === 'boolean') return { ...value, status: undefined };
    const isUsage = value?.unpriced_events !== undefined;
    const gained = { refusals: undefined, type: undefined, model_requested: undefined };
    return isUsage ? { ...value, ...gained } : value;
  });
}

/** When the ledger recorded what was appended just now differs from run to run. */
function withoutTimes(answers: object): unknown {
  const times = new Set(['frozen_at', 'issued_at']);
  return JSON.parse(JSON.stringify(answers, (name, value) => (times.has(name) ? null : value)));
}

/**
 * Snapshots and invoices are of version 2 since then (ADR 0005, ADR 0006): another rounding, and what is
 * unresolved has no line. So is everything that follows from their bytes, which the audit checks.
 */
function withoutVersions(answers: unknown): unknown {
  return JSON.parse(JSON.stringify(answers), (name, value) => {
    if (name === 'hash' || name === 'snapshot_hash') return '';
    if (name === 'body' && typeof value === 'string') {
      const body = JSON.parse(value);
      return body.object === 'snapshot' ? null : withoutVersions(body);
    }
    const isInvoice = value?.object === 'invoice';
    if (isInvoice)
      return { ...value, version: 0, total_minor: 0, lines: value.lines?.map(noEvents) };
    if (value?.type === 'RequestAnswered') return { ...value, data: answerOf(value.data) };
    const isBill = value?.type === 'SnapshotFrozen' || value?.type === 'InvoiceIssued';
    if (!isBill) return name === 'amount_minor' ? 0 : value;
    return { ...value, id: '', data: withoutVersions(JSON.parse(value.data)) };
  });
}

/** Of a request: periods say their currency since. */
function answerOf(data: string): object {
  const { body, ...answered } = JSON.parse(data) as { body: string };
  return { ...answered, body: { ...JSON.parse(body), currency: undefined } };
}

/** Of an invoice's line: what is unresolved has left them. */
const noEvents = (line: object): object => ({ ...line, events: 0 });

/** The snapshots that were frozen then for the periods that are closed now, by customer. */
function frozenThen(): { customerId: string; body: string }[] {
  const frozen = expected.appended.filter(({ type }) => type === 'SnapshotFrozen');
  return frozen.map(({ stream, data }) => {
    const { body } = JSON.parse(data) as { body: string };
    return { customerId: billingEvents.idOf(stream), body };
  });
}

/** As in `write.mjs`. */
async function closePeriods(): Promise<void> {
  for (const { id, name } of expected.customers) {
    const { data: periods } = (await call('GET', `/v1/periods?customer_id=${id}`)) as {
      data: { id: string; number: number; status: string }[];
    };
    const open = periods.find(({ status }) => status === 'open');
    const key = `fixture-close-${name}-${open?.number}`;
    await call('POST', `/v1/periods/${open?.id}/close`, { at: expected.second_end }, key);
  }
}

describe('the ledger and the log of commit b214725', () => {
  it('hold every type of ledger event, and each parses to what is stored', () => {
    const types = new Set(yesterday.ledger.map(({ type }) => type));
    // Later versions of an event (`<type>.2`) and these are younger than that commit.
    const younger = new Set([
      ...['KeyUpdated', 'KeySuspended', 'KeyResumed', 'KeyArchived'],
      ...['RateLimitDefined', 'RateLimitChanged', 'RateLimitArchived', 'InstallationUpdated'],
      ...['AlarmRaised', 'AlarmWatchStarted', 'DeliveryStarted', 'DeliveryEnded'],
      ...['WebhookCreated', 'WebhookUpdated', 'WebhookSecretRotated', 'WebhookArchived'],
      ...['WebhookTestRequested', 'BudgetThresholdsChanged', 'BudgetOnExceededChanged'],
      ...['BudgetToppedUp', 'BudgetRaised', 'BudgetRaiseEnded', 'BudgetRestored', 'CreditExpired'],
      ...['LeaseReduced', 'CachePurged', 'RoutePublished', 'RouteArchived'],
      'ExchangeRatesPublished',
      ...['TotalsRows', 'TotalsCompared'],
      ...Object.keys(exportPayloads),
      ...Object.keys(paymentCustomerPayloads),
      ...['InvoiceTermsFixed', 'InvoiceNumbered', 'InvoiceNumberGiven'],
      ...['CreditNoteIssued', 'CreditNoteNumbered', 'CreditNoteNumberGiven'],
    ]);
    const known = [...anyLedgerEvent.storedTypes].filter(
      (type) => !type.includes('.') && !younger.has(type),
    );
    expect([...types].sort()).toEqual(known.sort());
    for (const { stream, type, data: text } of yesterday.ledger) {
      const data: unknown = JSON.parse(text);
      expect(anyLedgerEvent.parse({ stream, type, data })).toEqual({ type, data });
    }
  });

  it('I5: make the same rows in the warehouse', async () => {
    const { columns, hashes } = expected.rows.raw_usage;
    const texts = columns.map((name) => {
      const text = name === 'leaf_hash' ? 'hex(leaf_hash)' : `toString(\`${name}\`)`;
      return `${text} AS text_${name}`;
    });
    const rows = await stores.warehouse.query<Record<string, string | null>>(
      `SELECT log, partition, toString(\`offset\`) AS at, ${texts.join(', ')}
       FROM tollgate.raw_usage ORDER BY log, partition, \`offset\``,
    );
    const found = rows.map((row) => {
      const values = columns.map((name) => row[`text_${name}`]);
      const hash = createHash('sha256').update(JSON.stringify(values)).digest('hex');
      return [`${row['log']}/${row['partition']}/${row['at']}`, hash];
    });
    expect(Object.fromEntries(found)).toEqual(hashes);
  });

  it('I5: make the same sums by quarter of an hour', async () => {
    const { columns, rows } = expected.rows.usage_hourly;
    const texts = columns.map((name) => `toString(\`${name}\`) AS text_${name}`);
    const found = await stores.warehouse.query<Record<string, string>>(
      `SELECT ${texts.join(', ')} FROM tollgate.usage_hourly ORDER BY ALL`,
    );
    expect(found.map((row) => columns.map((name) => row[`text_${name}`]))).toEqual(rows);
  });

  it('give the same answers of the API: usage, keys, budgets, periods, invoices, proofs', async () => {
    expect(await answersTo(Object.keys(expected.before))).toEqual(expected.before);
  });

  it('I4: close to the same periods, ids and proofs', async () => {
    const end = endOfLedger(data);
    await closePeriods();
    expect(withoutVersions(eventsAfter(data, end))).toEqual(withoutVersions(expected.appended));
    const after = await answersTo(Object.keys(expected.after));
    expect(withoutVersions(withoutTimes(after))).toEqual(withoutVersions(expected.after));
  });

  it('I4: make snapshots of version 1 to the same bytes', async () => {
    const { warehouse, ledger } = stores;
    for (const { customerId, body } of frozenThen()) {
      const { billing } = await loadBilling(ledger, customerId);
      const period = frozenPeriod(billing, 2);
      if (period === undefined) throw new Error(`${customerId} has no second snapshot`);
      const content = await workOutSnapshot({ warehouse }, customerId, billing, period, 1);
      expect(canonicalJson(content)).toBe(body);
    }
    expect(frozenThen()).toHaveLength(2);
  });

  it('I3, I4, I5: pass the audit, for what was frozen then and what is frozen now', async () => {
    expect(await runAudit(stores)).toEqual(expected.audit);
  });
});
