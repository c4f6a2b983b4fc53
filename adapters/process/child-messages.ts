/** What a supervised process and its supervisor tell each other. */
import type { Family } from '../metrics/families.ts';
import type { RateAnswers, RateAsks } from '../rates/rate-messages.ts';

export type FromChild =
  /** Its event loop turns. */
  | { type: 'beat' }
  | { type: 'ready'; [field: string]: string | number }
  /** A restart would not help. */
  | { type: 'cannot_run'; reason: string }
  /** What it measures; null: it could not be measured. */
  | { type: 'families'; families: Family[] | null }
  | { type: 'metrics_wanted' }
  /** To the embedded store of rates. */
  | RateAsks;

export type ToChild =
  | { type: 'stop' }
  | { type: 'families_wanted' }
  /** Prometheus text of all processes. */
  | { type: 'metrics'; text: string }
  | RateAnswers;
