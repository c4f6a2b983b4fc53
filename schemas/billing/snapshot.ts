/** The only definition of a snapshot's body on the wire (ADR 0001, ADR 0006). */
import type {
  SnapshotBody,
  SnapshotLine,
  Unresolved,
  UnresolvedLine,
} from '@tollgate/domain/period/snapshot.ts';
import { type FirstQuantityName, firstQuantityNames } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { objectId as id, shortName, shortText } from '../names/names.ts';
import { currencyCode, exchangeRate } from './exchange-rate.ts';

const dimension = shortText.nullable();
const count = z.int().min(0);
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
export const markupPpm = z.int().min(0).max(100_000_000);

/** A resolution is a delta, so a sum may be below zero. */
export const summedQuantities = Object.fromEntries(
  firstQuantityNames.map((name) => [name, z.int()]),
) as { [Name in FirstQuantityName]: z.ZodInt };

const firstUnresolved = { count, event_ids: z.array(shortName).max(1000) };

export const unresolvedEvents = z.strictObject(firstUnresolved) satisfies z.ZodType<Unresolved>;

const dimensions = {
  kind: z.enum(['usage', 'late_usage']),
  period_number: z.int().min(1),
  provider: dimension,
  model: dimension,
  key_id: dimension,
  team_id: dimension,
  environment: dimension,
  usage_source: z.enum(['provider', 'estimated', 'reconciled', 'none']),
};

const snapshotLine = z.strictObject({
  ...dimensions,
  price_versions: z.array(shortText),
  events: z.int().min(1),
  ...summedQuantities,
  cost: decimal12,
  markup_ppm: markupPpm,
  exchange_rate: exchangeRate.exactOptional(),
}) satisfies z.ZodType<SnapshotLine>;

const unresolvedFields = {
  ...dimensions,
  events: z.int().min(1),
  ...(Object.fromEntries(firstQuantityNames.map((name) => [name, z.int().nullable()])) as {
    [Name in FirstQuantityName]: z.ZodNullable<z.ZodInt>;
  }),
};

const unresolvedLine = z.discriminatedUnion('type', [
  z.strictObject({ ...unresolvedFields, type: z.literal('attempt'), external_type: z.null() }),
  z.strictObject({ ...unresolvedFields, type: z.literal('external'), external_type: z.string() }),
]) satisfies z.ZodType<UnresolvedLine>;

const content = {
  object: z.literal('snapshot'),
  id,
  customer_id: id,
  period_id: id,
  number: z.int().min(1),
  start: timestamp,
  end: timestamp,
  time_zone: shortName,
  currency: currencyCode,
  cut: z.strictObject({
    id,
    logs: z.array(z.strictObject({ log: count, ends: z.array(z.string().regex(/^\d+$/)) })),
  }),
  previous: z.strictObject({ snapshot_id: id, hash: sha256Hex }).nullable(),
  lines: z.array(snapshotLine),
  totals: z.strictObject({ events: count, ...summedQuantities, cost: decimal12 }),
  markup_ppm: markupPpm,
  exchange_rate: exchangeRate.nullable(),
  leaves: z.strictObject({ count, merkle_root: sha256Hex }),
  history: z
    .strictObject({ events: z.int().min(1), cost: decimal12 })
    .exactOptional()
    .meta({ description: 'Imported usage that is not billed here, and is in nothing above.' }),
};

export const snapshotBody = z.discriminatedUnion('version', [
  z.strictObject({ ...content, version: z.literal(1), unresolved: unresolvedEvents }),
  z.strictObject({
    ...content,
    version: z.literal(2),
    unresolved: z.strictObject({ ...firstUnresolved, lines: z.array(unresolvedLine) }),
  }),
]) satisfies z.ZodType<SnapshotBody>;

/** Of a stored body, whatever else it says. */
export const frozenVersion = z.object({ version: z.union([z.literal(1), z.literal(2)]) });
