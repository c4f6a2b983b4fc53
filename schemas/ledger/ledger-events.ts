/**
 * The payload of every ledger event, by stream category and event type: the only definition of
 * their shapes on the wire. A payload never changes shape: a changed payload is a new version of its
 * event (earlier-versions.ts, ADR 0001).
 */
import type {
  BudgetDefinitionEvent,
  BudgetWindowEvent,
} from '@tollgate/domain/budget/budget-events.ts';
import type { ExternalIdTaken, TeamEvent } from '@tollgate/domain/customer/customer-events.ts';
import type { FenceTaken } from '@tollgate/domain/fence/fence-events.ts';
import type { IdempotencyEvent } from '@tollgate/domain/idempotency/idempotency-events.ts';
import type { KeyEvent } from '@tollgate/domain/key/key-events.ts';
import type {
  BillingEvent,
  CutTaken,
  InvoiceEvent,
} from '@tollgate/domain/period/period-events.ts';
import type { PriceVersionPublished } from '@tollgate/domain/pricing/price.ts';
import type { ReconciliationEvent } from '@tollgate/domain/reconciliation/reconciliation-events.ts';
import { perQuantity } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { currencyCode as currency, exchangeRate } from '../billing/exchange-rate.ts';
import { tagsOf } from '../event/tags.ts';
import { decimal12, QUANTITY_MAX, timestamp } from '../event/usage-event.ts';
import { objectId as id, shortName as name } from '../names/names.ts';
import { creditNotePayloads } from './credit-note-events.ts';
import { invoiceDocumentPayloads } from './invoice-document-events.ts';
import { priceVersion } from './price-version.ts';

/** One parser of `data` for each event type of a stream category. */
export type PayloadsOf<E extends { type: string; data: unknown }> = {
  [T in E['type']]: z.ZodType<Extract<E, { type: T }>['data']>;
};

const revisionText = z.string().regex(/^\d+$/);
const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const quantity = count.max(QUANTITY_MAX);
export const markupPpm = z.int().min(0).max(100_000_000);
const logCuts = z.array(z.strictObject({ log: count, ends: z.array(revisionText) }));
/** Patterns of model names (domain/routing/model-access.ts). */
export const modelLists = {
  allowed_models: z.array(name).nullable().exactOptional(),
  denied_models: z.array(name).exactOptional(),
};
const digest = { hash: sha256Hex, pepper_version: z.int().min(1) };

export const billLine = z.strictObject({
  attempt_id: z.uuid(),
  ...perQuantity(({ addedLater }) => (addedLater ? quantity.exactOptional() : quantity)),
  cost: decimal12,
});

const budgetScope = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('key'), id }),
  z.strictObject({ type: z.literal('team'), id }),
  z.strictObject({ type: z.literal('customer'), id }),
  z.strictObject({ type: z.literal('installation'), id: z.literal('installation') }),
]);

export const teamPayloads = {
  TeamCreated: z.strictObject({
    team_id: id,
    customer_id: id,
    external_id: name.nullable(),
    name,
    ...modelLists,
  }),
  TeamUpdated: z.strictObject({ team_id: id, name: name.exactOptional(), ...modelLists }),
  TeamArchived: z.strictObject({ team_id: id }),
} satisfies PayloadsOf<TeamEvent>;

export const externalIdPayloads = {
  ExternalIdTaken: z.strictObject({ external_id: name, object_id: id }),
} satisfies PayloadsOf<ExternalIdTaken>;

export const keyPayloads = {
  KeyIssued: z.strictObject({
    ...digest,
    key_id: id,
    customer_id: id,
    team_id: id.nullable(),
    name,
    environment: name,
    tags: tagsOf(name),
    last_four: z.string().length(4),
    on_disconnect: z.enum(['drain', 'abort']),
    expires_at: timestamp.nullable(),
    ...modelLists,
    default_budget_ids: z.array(id).exactOptional(),
    default_rate_limit_ids: z.array(id).exactOptional(),
    end_user_required: z.boolean().exactOptional(),
    payload_log: z.boolean().exactOptional(),
  }),
  KeyRotated: z.strictObject({
    ...digest,
    key_id: id,
    last_four: z.string().length(4),
    previous_valid_until: timestamp,
  }),
  KeyRevoked: z.strictObject({ key_id: id, reason: z.string().max(1024).nullable() }),
  KeyUpdated: z.strictObject({
    key_id: id,
    name: name.exactOptional(),
    tags: tagsOf(name).exactOptional(),
    on_disconnect: z.enum(['drain', 'abort']).exactOptional(),
    expires_at: timestamp.nullable().exactOptional(),
    ...modelLists,
    end_user_required: z.boolean().exactOptional(),
    payload_log: z.boolean().exactOptional(),
  }),
  KeySuspended: z.strictObject({ key_id: id, reason: z.string().max(1024).nullable() }),
  KeyResumed: z.strictObject({ key_id: id }),
  KeyArchived: z.strictObject({ key_id: id }),
} satisfies PayloadsOf<KeyEvent>;

/** Percent of the limit. */
const thresholds = z.array(z.int().min(1).max(1_000)).max(10);

export const budgetDefinitionPayloads = {
  BudgetDefined: z.strictObject({
    budget_id: id,
    scope: budgetScope,
    unit: z.enum(['usd', 'tokens', 'requests']),
    window: z.enum(['hour', 'day', 'week', 'month', 'total']),
    limit: decimal12,
    enforcement: z.enum(['hard', 'soft']),
    basis: z.enum(['cost', 'billed']),
    time_zone: name,
    anchor: z.iso.date().nullable().exactOptional(),
    model: name.nullable().exactOptional(),
    counts: z.enum(['total', 'input', 'output']).exactOptional(),
    cache_reads: z.boolean().exactOptional(),
    on_exceeded: z.enum(['refuse', 'clamp']).exactOptional(),
    clamp_min_output_tokens: z.int().min(1).exactOptional(),
    thresholds: thresholds.exactOptional(),
    per: z.literal('end_user').nullable().exactOptional(),
  }),
  BudgetThresholdsChanged: z.strictObject({ budget_id: id, thresholds }),
  BudgetOnExceededChanged: z.strictObject({
    budget_id: id,
    on_exceeded: z.enum(['refuse', 'clamp']).exactOptional(),
    clamp_min_output_tokens: z.int().min(1).exactOptional(),
  }),
  BudgetLimitChanged: z.strictObject({ budget_id: id, limit: decimal12 }),
  BudgetArchived: z.strictObject({ budget_id: id }),
  BudgetRestored: z.strictObject({ budget_id: id }),
  BudgetToppedUp: z.strictObject({
    budget_id: id,
    top_up_id: id,
    amount: decimal12,
    expires_at: timestamp.nullable(),
  }),
  BudgetRaised: z.strictObject({
    budget_id: id,
    raise_id: id,
    amount: decimal12,
    until: timestamp,
  }),
  BudgetRaiseEnded: z.strictObject({ budget_id: id, raise_id: id }),
} satisfies PayloadsOf<BudgetDefinitionEvent>;

const limitFacts = {
  limit: decimal12,
  definition_revision: revisionText,
  as_of: timestamp.exactOptional(),
  credit: z
    .array(z.strictObject({ top_up_id: id, amount: decimal12, expires_at: timestamp }))
    .exactOptional(),
};

export const budgetWindowPayloads = {
  WindowOpened: z.strictObject({
    budget_id: id,
    window_start: timestamp,
    window_end: timestamp.nullable(),
    ...limitFacts,
  }),
  LeaseGranted: z.strictObject({ lease_id: id, instance_id: id, amount: decimal12 }),
  LeaseSettled: z.strictObject({ lease_id: id, spent: decimal12 }),
  LeaseReduced: z.strictObject({ lease_id: id, amount: decimal12 }),
  LeaseAdjusted: z.strictObject({ lease_id: id, attempt_id: z.uuid(), delta: decimal12 }),
  LimitChanged: z.strictObject(limitFacts),
  CreditExpired: z.strictObject({ top_up_id: id, unused: decimal12 }),
  LeaseRecallRequested: z.strictObject({ instance_id: id, amount: decimal12 }),
  Overrun: z.strictObject({ lease_id: id, attempt_id: z.uuid(), amount: decimal12 }),
  LeaseWrittenOff: z.strictObject({
    lease_id: id,
    spent: decimal12,
    reason: z.string().min(1).max(1024),
  }),
} satisfies PayloadsOf<BudgetWindowEvent>;

export const cutPayloads = {
  CutTaken: z.strictObject({ cut_id: id, logs: logCuts, taken_at: timestamp }),
} satisfies PayloadsOf<CutTaken>;

export const billingPayloads = {
  PeriodOpened: z.strictObject({
    period_id: id,
    customer_id: id,
    number: z.int().min(1),
    start: timestamp,
    end: timestamp,
    time_zone: name,
    anchor_day: z.int().min(1).max(31),
    currency: currency.exactOptional(),
  }),
  PeriodClosing: z.strictObject({
    period_id: id,
    number: z.int().min(1),
    end: timestamp,
    cut_id: id,
    logs: logCuts,
    currency,
    markup_ppm: markupPpm,
    exchange_rate: exchangeRate.exactOptional(),
  }),
  SnapshotFrozen: z.strictObject({
    snapshot_id: id,
    period_id: id,
    number: z.int().min(1),
    body: z.string(),
    hash: sha256Hex,
  }),
} satisfies PayloadsOf<BillingEvent>;

export const invoicePayloads = {
  InvoiceIssued: z.strictObject({
    invoice_id: id,
    customer_id: id,
    snapshot_id: id,
    snapshot_hash: sha256Hex,
    body: z.string(),
    hash: sha256Hex,
  }),
  ...invoiceDocumentPayloads,
  ...creditNotePayloads,
} satisfies PayloadsOf<InvoiceEvent>;

export const reconciliationPayloads = {
  ReconciliationLines: z.strictObject({
    import_id: id,
    chunk: count,
    lines: z.array(billLine),
  }),
  ReconciliationAccepted: z.strictObject({
    import_id: id,
    provider: name,
    start: timestamp,
    end: timestamp,
    lines: count,
    chunks: count,
    ruling: z
      .strictObject({ rule: z.enum(['not_billed', 'total']), reason: z.string() })
      .exactOptional(),
  }),
} satisfies PayloadsOf<ReconciliationEvent>;

export const idempotencyPayloads = {
  RequestReceived: z.strictObject({ request_hash: sha256Hex, received_at: timestamp }),
  RequestAnswered: z.strictObject({
    request_hash: sha256Hex,
    status: z.int().min(200).max(499),
    body: z.string(),
  }),
} satisfies PayloadsOf<IdempotencyEvent>;

export const fencePayloads = {
  FenceTaken: z.strictObject({ owner: name }),
} satisfies PayloadsOf<FenceTaken>;

export const priceBookPayloads = {
  PriceVersionPublished: priceVersion,
} satisfies PayloadsOf<PriceVersionPublished>;
