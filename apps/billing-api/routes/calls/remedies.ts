/** What a caller or an operator can do about a refusal. */
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { RefusedBudget, RefusedRate } from '@tollgate/domain/usage/refused-limit.ts';
import type { callWhy } from '@tollgate/schemas/http/call-why.ts';
import type { z } from 'zod';

export type Remedy = NonNullable<z.input<typeof callWhy>['refusal']>['remedies'][number];

const remedy = (action: Remedy['action'], detail: string, value: string | null = null): Remedy => ({
  action,
  value,
  detail,
});

/** @param at what the ledger had then */
export function budgetRemedies(
  said: RefusedBudget,
  at: { spent: string; resets_at: string | null },
): Remedy[] {
  const [limit, needed, taken] = [said.limit, said.needed, said.spent].map(parseDecimal12) as [
    bigint,
    bigint,
    bigint,
  ];
  const found: Remedy[] = [];
  if (said.fits !== undefined) {
    const detail = `An output limit of ${said.fits} tokens would have fitted.`;
    found.push(remedy('lower_output_limit', detail, said.fits));
  }
  if (parseDecimal12(at.spent) + needed <= limit) {
    const detail =
      'Calls that ran held the rest: what they do not use is there again when they end.';
    found.push(remedy('retry', detail));
  }
  if (at.resets_at !== null && needed <= limit) {
    found.push(remedy('wait', 'The next window has the whole limit.', at.resets_at));
  }
  const enough = formatDecimal12(taken + needed);
  found.push(remedy('raise_limit', 'This limit would have let it through.', enough));
  return found;
}

export function rateRemedies(said: RefusedRate): Remedy[] {
  if (said.retry_ms === undefined) {
    return [
      remedy('send_less', 'The call needs more than a whole window has.', said.limit),
      remedy('raise_limit', 'This limit would have let it through.', said.needed),
    ];
  }
  const { resets_at = null } = said;
  const detail =
    resets_at === null ? 'A slot is free when a call has ended.' : 'Then the next window begins.';
  return [remedy('wait', detail, resets_at), remedy('raise_limit', 'For more at once.', null)];
}

const RETRY = remedy('retry', 'It was full or away for a moment.');

/** By the code of the refusal; of those where a person has to look, nothing is proposed. */
const OTHERS: Readonly<Record<string, readonly Remedy[]>> = {
  unbounded_request: [
    remedy('change_request', 'Leave out what has no upper bound of its cost, or of its tokens.'),
    remedy('ask_operator', 'A key without a hard budget may send it.'),
  ],
  output_limit_required: [
    remedy('change_request', 'Set an output limit.'),
    remedy('ask_operator', 'State the model’s maximum, or a default output limit.'),
  ],
  metadata_required: [remedy('change_request', 'State what the guardrail asks for.')],
  request_over_cap: [remedy('send_less', 'Send a smaller request.')],
  output_over_cap: [remedy('lower_output_limit', 'State an output limit within the cap.')],
  request_blocked: [remedy('ask_operator', 'A guardrail of the configuration blocks it.')],
  model_unpriced: [remedy('ask_operator', 'Publish a price of the model, or allow it unpriced.')],
  no_able_model: [
    remedy('change_request', 'Ask for less, or name a model that can do it.'),
    remedy('ask_operator', 'A route may get a candidate that can, or say what its candidates can.'),
  ],
  model_not_found: [remedy('change_request', 'Name a model that `GET /v1/models` lists.')],
  ...Object.fromEntries(
    [
      ...[
        'budget_unavailable',
        'rate_limit_unavailable',
        'ledger_unavailable',
        'guardrail_unavailable',
        'journal_full',
      ],
      ...['too_many_calls', 'overloaded', 'draining'],
    ].map((code) => [code, [RETRY]]),
  ),
};

export function otherRemedies(code: string): Remedy[] {
  return Object.hasOwn(OTHERS, code) ? [...(OTHERS[code] ?? [])] : [];
}
