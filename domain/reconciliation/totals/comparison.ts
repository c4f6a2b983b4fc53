/** The result of comparing a provider's totals with our events. Amounts are 1e-18 dollars. */
import type { QuantityName } from '../../usage/quantities.ts';
import type { Cause, Share } from './cause.ts';
import type { OurGroup } from './our-group.ts';
import type { AttributedBy } from './totals-row.ts';

export type ComparedBucket = {
  bucket: QuantityName;
  /** Null: the export does not state this bucket. */
  theirs: number | null;
  ours: number;
  difference: number | null;
  explained: readonly { cause: Cause; candidates: readonly Cause[]; quantity: number }[];
  unexplained: number | null;
};

export type ComparedCell = {
  day: string;
  model: string;
  /** Our names for it; empty: no call of ours is for it. */
  ourModels: readonly string[];
  buckets: readonly ComparedBucket[];
  /** 1e-18 dollars. */
  money: {
    theirs: bigint | null;
    ours: bigint;
    difference: bigint | null;
    unexplained: bigint | null;
  };
  shares: readonly Share[];
  attempts: Readonly<Record<OurGroup['certainty'], number>>;
  /** What budgets were charged for the unknown ones, pico-dollars. */
  heldPico: bigint;
  nearMidnight: number;
};

export type CauseTotal = Share & { days: number; firstDay: string; lastDay: string };

export type PriceMove = {
  model: string;
  /** Null: the export states one amount for all buckets. */
  bucket: QuantityName | null;
  firstDay: string;
  lastDay: string;
  /** Pico-dollars per million; null together with `bucket`. */
  theirs: bigint | null;
  ours: bigint | null;
  /** What it made on these days. */
  amount: bigint;
};

export type Comparison = {
  attributedBy: AttributedBy;
  /** False: calls are where this provider usually counts them; true: the totals fit the other way. */
  attributedOtherwise: boolean;
  cells: readonly ComparedCell[];
  causes: readonly CauseTotal[];
  moves: readonly PriceMove[];
  total: {
    theirs: bigint | null;
    ours: bigint;
    difference: bigint | null;
    unexplained: bigint | null;
    quantities: readonly ComparedBucket[];
  };
  /** Names on the bill for which no call of ours was found, and the other way round. */
  modelsOnlyOnBill: readonly string[];
  modelsOnlyOurs: readonly string[];
};
