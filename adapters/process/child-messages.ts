/** What a supervised process and its supervisor tell each other. */
import type { Family } from '../metrics/families.ts';

export type FromChild =
  /** Its event loop turns. */
  | { type: 'beat' }
  | { type: 'ready'; [field: string]: string | number }
  /** A restart would not help. */
  | { type: 'cannot_run'; reason: string }
  /** What it measures; null: it could not be measured. */
  | { type: 'families'; families: Family[] | null }
  | { type: 'metrics_wanted' };

export type ToChild =
  | { type: 'stop' }
  | { type: 'families_wanted' }
  /** Prometheus text of all processes. */
  | { type: 'metrics'; text: string };
