/** Running sums of the durable lines: calls, tokens and money, in all and per model. */
import { formatPico, parsePico } from '../pricing/rational.ts';
import type { BillLine, Outcome } from './bill-line.ts';

type Sums = {
  calls: number;
  input_tokens: number;
  cache_read_tokens: number;
  cache_write_tokens: number;
  cache_write_1h_tokens: number;
  output_tokens: number;
  reasoning_tokens: number;
  searches: number;
  costPico: bigint;
};

const none = (): Sums => ({
  calls: 0,
  input_tokens: 0,
  cache_read_tokens: 0,
  cache_write_tokens: 0,
  cache_write_1h_tokens: 0,
  output_tokens: 0,
  reasoning_tokens: 0,
  searches: 0,
  costPico: 0n,
});

export class BillSummary {
  readonly #all = none();
  readonly #models = new Map<string, Sums>();
  readonly #outcomes: Record<Outcome, number> = { complete: 0, client_aborted: 0, fault: 0 };

  add(line: BillLine): void {
    const model = this.#models.get(line.model) ?? none();
    this.#models.set(line.model, model);
    for (const sums of [this.#all, model]) {
      sums.calls += line.requests;
      sums.input_tokens += line.input_tokens;
      sums.cache_read_tokens += line.cache_read_tokens;
      sums.cache_write_tokens += line.cache_write_tokens ?? 0;
      sums.cache_write_1h_tokens += line.cache_write_1h_tokens ?? 0;
      sums.output_tokens += line.output_tokens;
      sums.reasoning_tokens += line.reasoning_tokens;
      sums.searches += line.searches ?? 0;
      sums.costPico += parsePico(line.cost);
    }
    this.#outcomes[line.outcome] += 1;
  }

  /** The body of `GET /sim/bill/summary`. */
  view(): object {
    const models = [...this.#models].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      ...shown(this.#all),
      outcomes: this.#outcomes,
      models: models.map(([model, sums]) => ({ model, ...shown(sums) })),
    };
  }
}

function shown({ costPico, ...counts }: Sums): object {
  return { ...counts, cost: formatPico(costPico) };
}
