/** The only definition of a snapshot's body on the wire, version 1 (ADR 0001). */
import type { SnapshotBody, SnapshotLine, Unresolved } from '@tollgate/domain/period/snapshot.ts';
import { type FirstQuantityName, firstQuantityNames } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { objectId as id, shortName, shortText } from '../names/names.ts';

const dimension = shortText.nullable();
const count = z.int().min(0);
export const sha256Hex = z.string().regex(/^[0-9a-f]{64}$/);
export const markupPpm = z.int().min(0).max(100_000_000);
export const currencyCode = z.string().regex(/^[A-Z]{3}$/);

/** A resolution is a delta, so a sum may be below zero. */
export const summedQuantities = Object.fromEntries(
  firstQuantityNames.map((name) => [name, z.int()]),
) as { [Name in FirstQuantityName]: z.ZodInt };

export const unresolvedAttempts = z.strictObject({
  count,
  event_ids: z.array(shortName).max(1000),
}) satisfies z.ZodType<Unresolved>;

const snapshotLine = z.strictObject({
  kind: z.enum(['usage', 'late_usage']),
  period_number: z.int().min(1),
  provider: dimension,
  model: dimension,
  key_id: dimension,
  team_id: dimension,
  environment: dimension,
  usage_source: z.enum(['provider', 'estimated', 'reconciled', 'none']),
  price_versions: z.array(shortText),
  events: z.int().min(1),
  ...summedQuantities,
  cost: decimal12,
  markup_ppm: markupPpm,
}) satisfies z.ZodType<SnapshotLine>;

export const snapshotBody = z.strictObject({
  object: z.literal('snapshot'),
  version: z.literal(1),
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
  unresolved: unresolvedAttempts,
  markup_ppm: markupPpm,
  exchange_rate: z.null(),
  leaves: z.strictObject({ count, merkle_root: sha256Hex }),
}) satisfies z.ZodType<SnapshotBody>;
