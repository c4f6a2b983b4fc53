/**
 * Every ledger event by its type: the only definition of their shapes on the wire. Payloads carry
 * no version field: a changed payload is a new type with an upcaster (ADR 0001).
 */
import type {
  BudgetDefinitionEvent,
  BudgetWindowEvent,
} from '@tollgate/domain/budget/budget-events.ts';
import type {
  CustomerEvent,
  ExternalIdTaken,
  TeamEvent,
} from '@tollgate/domain/customer/customer-events.ts';
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
import { tagsOf } from '../event/tags.ts';
import { decimal12, QUANTITY_MAX, timestamp } from '../event/usage-event.ts';
import { objectId as id, shortName as name } from '../names/names.ts';
import { priceVersion } from './price-version.ts';

type LedgerEventBody =
  | CustomerEvent
  | TeamEvent
  | KeyEvent
  | BudgetDefinitionEvent
  | BudgetWindowEvent
  | BillingEvent
  | CutTaken
  | InvoiceEvent
  | ReconciliationEvent
  | IdempotencyEvent
  | ExternalIdTaken
  | FenceTaken
  | PriceVersionPublished;

type DataOf<T extends LedgerEventBody['type']> = Extract<LedgerEventBody, { type: T }>['data'];

const revisionText = z.string().regex(/^\d+$/);
const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const quantity = count.max(QUANTITY_MAX);
const currency = z.string().regex(/^[A-Z]{3}$/);
const markupPpm = z.int().min(0).max(100_000_000);
const logCuts = z.array(z.strictObject({ log: count, ends: z.array(revisionText) }));
const digest = { hash: sha256Hex, pepper_version: z.int().min(1) };

export const billLine = z.strictObject({
  attempt_id: z.uuid(),
  ...perQuantity(({ addedLater }) => (addedLater ? quantity.default(0) : quantity)),
  cost: decimal12,
});

const budgetScope = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('key'), id }),
  z.strictObject({ type: z.literal('team'), id }),
  z.strictObject({ type: z.literal('customer'), id }),
  z.strictObject({ type: z.literal('installation'), id: z.literal('installation') }),
]);

/** Parsers of the `data` of each ledger event, by event type. */
export const ledgerEventData = {
  CustomerCreated: z.strictObject({
    customer_id: id,
    external_id: name.nullable(),
    name,
    time_zone: name,
    currency,
    markup_ppm: markupPpm,
  }),
  CustomerUpdated: z.strictObject({
    customer_id: id,
    name: name.exactOptional(),
    markup_ppm: markupPpm.exactOptional(),
  }),
  CustomerArchived: z.strictObject({ customer_id: id }),
  TeamCreated: z.strictObject({
    team_id: id,
    customer_id: id,
    external_id: name.nullable(),
    name,
  }),
  TeamUpdated: z.strictObject({ team_id: id, name }),
  TeamArchived: z.strictObject({ team_id: id }),
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
  }),
  KeyRotated: z.strictObject({
    ...digest,
    key_id: id,
    last_four: z.string().length(4),
    previous_valid_until: timestamp,
  }),
  KeyRevoked: z.strictObject({ key_id: id, reason: z.string().max(1024).nullable() }),
  BudgetDefined: z.strictObject({
    budget_id: id,
    scope: budgetScope,
    unit: z.enum(['usd', 'tokens', 'requests']),
    window: z.enum(['day', 'week', 'month', 'total']),
    limit: decimal12,
    enforcement: z.enum(['hard', 'soft']),
    basis: z.enum(['cost', 'billed']),
    time_zone: name,
  }),
  BudgetLimitChanged: z.strictObject({ budget_id: id, limit: decimal12 }),
  BudgetArchived: z.strictObject({ budget_id: id }),
  WindowOpened: z.strictObject({
    budget_id: id,
    window_start: timestamp,
    window_end: timestamp.nullable(),
    limit: decimal12,
    definition_revision: revisionText,
  }),
  LeaseGranted: z.strictObject({ lease_id: id, instance_id: id, amount: decimal12 }),
  LeaseSettled: z.strictObject({ lease_id: id, spent: decimal12 }),
  LeaseAdjusted: z.strictObject({ lease_id: id, attempt_id: z.uuid(), delta: decimal12 }),
  LimitChanged: z.strictObject({ limit: decimal12, definition_revision: revisionText }),
  LeaseRecallRequested: z.strictObject({ instance_id: id, amount: decimal12 }),
  Overrun: z.strictObject({ lease_id: id, attempt_id: z.uuid(), amount: decimal12 }),
  LeaseWrittenOff: z.strictObject({
    lease_id: id,
    spent: decimal12,
    reason: z.string().min(1).max(1024),
  }),
  CutTaken: z.strictObject({ cut_id: id, logs: logCuts, taken_at: timestamp }),
  PeriodOpened: z.strictObject({
    period_id: id,
    customer_id: id,
    number: z.int().min(1),
    start: timestamp,
    end: timestamp,
    time_zone: name,
    anchor_day: z.int().min(1).max(31),
  }),
  PeriodClosing: z.strictObject({
    period_id: id,
    number: z.int().min(1),
    end: timestamp,
    cut_id: id,
    logs: logCuts,
    currency,
    markup_ppm: markupPpm,
  }),
  SnapshotFrozen: z.strictObject({
    snapshot_id: id,
    period_id: id,
    number: z.int().min(1),
    body: z.string(),
    hash: sha256Hex,
  }),
  InvoiceIssued: z.strictObject({
    invoice_id: id,
    customer_id: id,
    snapshot_id: id,
    snapshot_hash: sha256Hex,
    body: z.string(),
    hash: sha256Hex,
  }),
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
  }),
  RequestReceived: z.strictObject({ request_hash: sha256Hex, received_at: timestamp }),
  RequestAnswered: z.strictObject({
    request_hash: sha256Hex,
    status: z.int().min(200).max(499),
    body: z.string(),
  }),
  ExternalIdTaken: z.strictObject({ external_id: name, object_id: id }),
  FenceTaken: z.strictObject({ owner: name }),
  PriceVersionPublished: priceVersion,
} satisfies { [T in LedgerEventBody['type']]: z.ZodType<DataOf<T>> };
