/** How a comparison of totals is answered: money as decimal text, the cells within a bound. */
import { picoOfAtto } from '@tollgate/domain/money/atto.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import type { Share } from '@tollgate/domain/reconciliation/totals/cause.ts';
import type {
  ComparedBucket,
  ComparedCell,
  Comparison,
} from '@tollgate/domain/reconciliation/totals/comparison.ts';
import type { totalsReport } from '@tollgate/schemas/http/provider-totals.ts';
import type { z } from 'zod';

type Report = z.input<typeof totalsReport>;

export function reportView(comparison: Comparison, cellsMax: number): Report {
  const { total, cells, causes, moves } = comparison;
  const shown = cells.length <= cellsMax ? cells : differingFirst(cells).slice(0, cellsMax);
  return {
    attributed_by: comparison.attributedBy,
    attributed_otherwise: comparison.attributedOtherwise,
    ...moneyView(total),
    buckets: total.quantities.map(bucketView),
    causes: causes.map(({ days, firstDay, lastDay, ...share }) => ({
      ...shareView(share),
      ...{ days, first_day: firstDay, last_day: lastDay },
    })),
    price_moves: moves.map(({ model, bucket, firstDay, lastDay, theirs, ours, amount }) => ({
      ...{ model, bucket, first_day: firstDay, last_day: lastDay },
      // Pico-dollars per million units, as price lists have them.
      theirs: theirs === null ? null : formatDecimal12(theirs),
      ours: ours === null ? null : formatDecimal12(ours),
      cost: usd(amount),
    })),
    models_only_on_bill: [...comparison.modelsOnlyOnBill],
    models_only_ours: [...comparison.modelsOnlyOurs],
    cells: shown.map(cellView),
    cells_left_out: cells.length - shown.length,
  };
}

function differingFirst(cells: readonly ComparedCell[]): ComparedCell[] {
  const differs = ({ shares, buckets }: ComparedCell) =>
    shares.length > 0 || buckets.some(({ unexplained }) => (unexplained ?? 0) !== 0);
  return [...cells.filter(differs), ...cells.filter((cell) => !differs(cell))];
}

function cellView(cell: ComparedCell): Report['cells'][number] {
  return {
    ...{ day: cell.day, model: cell.model, our_models: [...cell.ourModels] },
    ...moneyView(cell.money),
    buckets: cell.buckets.map(bucketView),
    shares: cell.shares.map(shareView),
    ...{ attempts: cell.attempts, held: formatDecimal12(cell.heldPico) },
    near_midnight: cell.nearMidnight,
  };
}

function moneyView(money: ComparedCell['money']) {
  return {
    theirs_cost: usdOrNull(money.theirs),
    our_cost: usd(money.ours),
    difference_cost: usdOrNull(money.difference),
    unexplained_cost: usdOrNull(money.unexplained),
  };
}

function bucketView({ explained, ...bucket }: ComparedBucket) {
  const views = explained.map(({ candidates, ...one }) => ({
    ...one,
    candidates: [...candidates],
  }));
  return { ...bucket, explained: views };
}

function shareView({ cause, candidates, quantities, amount }: Share) {
  return { cause, candidates: [...candidates], quantities, amount: usdOrNull(amount) };
}

const usd = (atto: bigint) => formatDecimal12(picoOfAtto(atto));
const usdOrNull = (atto: bigint | null) => (atto === null ? null : usd(atto));
