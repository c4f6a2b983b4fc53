/** Bodies of `POST /v1/reconciliations`: a provider's bill by attempt. */
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { billLine } from '../ledger/ledger-events.ts';
import { objectId, shortName } from '../names/names.ts';
import { instant } from '../time/instant.ts';

export const reconciliationRequest = z.strictObject({
  provider: shortName,
  /** Attempt start times `[start, end)` for which the bill is complete. */
  start: instant,
  end: instant,
  /** What the bill itself reaches over; further than the range by the longest call and the skew. */
  bill_start: instant,
  bill_end: instant,
  /** Some systems write a UUID in capitals; it is the same attempt. */
  lines: z.array(billLine.extend({ attempt_id: z.uuid().toLowerCase() })).max(20_000),
});

export const reconciliationView = z.strictObject({
  object: z.literal('reconciliation'),
  id: z.string(),
  provider: z.string(),
  start: timestamp,
  end: timestamp,
  lines: z.int(),
  created_at: timestamp,
});

export const reconciliationResult = reconciliationView.extend({
  /** Lines whose attempt is in the warehouse. */
  matched: z.int(),
  /** Of these: the event says the same. */
  agreed: z.int(),
  /** Attempts whose usage the provider stated otherwise in its answer; the first 100. */
  differing: z.array(z.string()),
  /** Lines that resolve an attempt. */
  resolvable: z.int(),
  /** Lines whose attempt has not arrived yet. */
  pending: z.int(),
});

export const reconciliationParams = z.strictObject({ import_id: objectId });
