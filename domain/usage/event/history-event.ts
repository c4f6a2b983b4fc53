/**
 * The usage event of a call that another gateway metered and charged before: shown next to ours, and in no
 * snapshot (docs/migration.md). Its cost is what that system stated, and no price of ours says otherwise.
 */
import type { UsageEvent } from '../usage-event.ts';
import { type ExternalFacts, externalEvent } from './external-event.ts';

export type HistoryFacts = Omit<
  ExternalFacts,
  'source' | 'externalType' | 'externalData' | 'price' | 'recordedAt'
> & {
  /** The system: `litellm`. */
  importedFrom: string;
  teamId: string | null;
  keyId: string | null;
  endpoint: string | null;
  /** As stated, 12 decimal places; null: not stated, which is not zero (I8). */
  cost: string | null;
  failed: boolean;
};

/** The same facts are the same bytes, whenever they are imported: the second time adds nothing (I2). */
export function historyEvent(facts: HistoryFacts): UsageEvent {
  const { importedFrom, cost } = facts;
  const event = externalEvent({
    ...facts,
    ...{ source: `history/${importedFrom}`, externalType: importedFrom, externalData: null },
    ...{ price: null, recordedAt: new Date(facts.timeMs).toISOString() },
  });
  return {
    ...event,
    type: 'history',
    team_id: facts.teamId,
    key_id: facts.keyId,
    endpoint: facts.endpoint,
    cost,
    price_source: cost === null ? 'none' : 'imported',
    status: facts.failed ? 'upstream_error' : 'ok',
  };
}
