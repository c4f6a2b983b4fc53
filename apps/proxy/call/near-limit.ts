/**
 * A call that a budget cannot pay for at its worst case, before it is refused (docs/design.md, Hold):
 * its input is counted, if it is known how its provider counts; and budgets that say so clamp its
 * output. Off the path of all other calls.
 *
 * I3: each try holds its whole worst case, or nothing. No output limit is above the client's own.
 */
import type { Encoding } from '@tollgate/adapters/tokenizer/token-bound.ts';
import type { BudgetBook, HoldOutcome } from '../budget/budget-book.ts';
import type { PathBudget } from '../budget/path-budget.ts';
import type { InputCounters } from '../counting/input-counters.ts';
import type { CallRequest, ImposedLimit } from '../dialects/dialect.ts';
import type { Deployment } from '../routing/deployments.ts';
import { fittingOutput, holdRequests, outputBound } from './holds.ts';

export type NearLimitDeps = {
  budgets: Pick<BudgetBook, 'hold'>;
  counters: Pick<InputCounters, 'count'>;
};

export type Asked = {
  onPath: readonly PathBudget[];
  request: CallRequest;
  deployment: Deployment;
  limit: ImposedLimit | null;
  customerId: string;
  nowMs: number;
};

type Exceeded = Extract<HoldOutcome, { kind: 'exceeded' }>;

export type NearLimit = {
  outcome: HoldOutcome;
  /** The output limit that was held; null: none is imposed. */
  limit: ImposedLimit | null;
  inputTokensMax: number;
};

/**
 * Others spend of the same budgets meanwhile: so often a limit is worked out again for what they left,
 * and once more for each further budget on the path.
 */
const ROUNDS = 4;
/** No vocabulary here has a longer token, bytes. */
const TOKEN_BYTES_MAX = 128;

/** @param exceeded what the first try came to */
export async function holdNearLimit(
  deps: NearLimitDeps,
  asked: Asked,
  exceeded: Exceeded,
): Promise<NearLimit> {
  const { request, deployment, nowMs } = asked;
  const onPath = clampingFirst(asked.onPath);
  const inputTokensMax = await countedInput(deps, asked, exceeded);
  let limit = asked.limit;
  let outcome: HoldOutcome = exceeded;
  // Nothing is smaller than it was, and nothing can be made so.
  const isSame = inputTokensMax === request.inputTokensMax && !clamps(onPath[0]);
  if (isSame) return { outcome, limit, inputTokensMax };
  let hasWaited = false;
  for (let round = 0; round < ROUNDS + onPath.length; round++) {
    const wanted = holdRequests(onPath, request, deployment, limit, inputTokensMax);
    if ('code' in wanted) break;
    outcome = await deps.budgets.hold(wanted, nowMs);
    if (outcome.kind !== 'exceeded') break;
    const { account } = outcome;
    const left = account.left.remaining();
    let next = clampedLimit(outcome, left, asked, limit, inputTokensMax);
    if (next === null && !hasWaited) {
      // Slices of other proxies may come back: a call that they could pay for waits for them.
      hasWaited = true;
      next = clampedLimit(
        outcome,
        left + account.left.heldByOthers(),
        asked,
        limit,
        inputTokensMax,
      );
    }
    if (next === null) break;
    if (next !== 'again') limit = next;
  }
  return { outcome, limit, inputTokensMax };
}

/**
 * Budgets that clamp make the call as small as they need it; those that refuse are asked about that
 * call, in whatever order they are on the path.
 */
function clampingFirst(onPath: readonly PathBudget[]): readonly PathBudget[] {
  return onPath.toSorted((a, b) => Number(clamps(b)) - Number(clamps(a)));
}

function clamps(budget: Pick<PathBudget, 'definition'> | undefined): boolean {
  return budget?.definition.on_exceeded === 'clamp';
}

/**
 * The limit with which so much of the budget that refused can pay for the call. `again`: for the call
 * as it is. null: there is none.
 */
function clampedLimit(
  { account, unit }: Exceeded,
  left: bigint,
  { request, deployment }: Asked,
  limit: ImposedLimit | null,
  inputTokensMax: number,
): ImposedLimit | 'again' | null {
  const output = outputBound(request, deployment, limit);
  // seam: only-a-budget-that-says-so-clamps
  if (!clamps(account) || output === null) return null;
  const tokens = fittingOutput(request, deployment, left, unit, inputTokensMax);
  if (tokens === null || tokens < account.definition.clamp_min_output_tokens) return null;
  if (tokens * request.answerCount >= output) return 'again';
  return { tokens, field: deployment.provider.outputLimitField, clamped: true };
}

/** The input as its provider will count it, if that is known and can be of use. */
async function countedInput(
  { counters }: NearLimitDeps,
  { request, deployment, limit, customerId }: Asked,
  { account, unit }: Exceeded,
): Promise<number> {
  const bytes = request.inputTokensMax;
  const encoding = encodingOf(deployment);
  // What is not JSON has no texts that could be counted.
  if (encoding === null || request.measure !== undefined) return bytes;
  const { definition } = account;
  const writes = request.outputTokensMax !== 0;
  const smallest =
    writes && clamps(account) ? { tokens: definition.clamp_min_output_tokens, field: '' } : limit;
  // What is left may not pay for it however few tokens there are: an empty budget costs no count.
  const least = Math.ceil(bytes / TOKEN_BYTES_MAX);
  const budget = { definition, unit, limitsModel: null };
  const wanted = holdRequests([budget], request, deployment, smallest, least);
  const [hold] = 'code' in wanted ? [] : wanted;
  if (hold === undefined || hold.amount > account.left.remaining()) return bytes;
  return await counters.count(request.sentAs ?? request, encoding, customerId);
}

function encodingOf({ tokenizer, provider, model }: Deployment): Encoding | null {
  // seam: only-a-known-tokenizer-counts
  return tokenizer === undefined ? (provider.tokenizerOf?.(model) ?? null) : tokenizer;
}
