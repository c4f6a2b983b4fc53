/** What becomes of a virtual key of LiteLLM: ours, with the same limits, or a reason why none is made. */
import { parseAtto, picoOfAtto } from '@tollgate/domain/money/atto.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { litellmKey } from '@tollgate/schemas/bills/histories.ts';

export type PlannedKey = {
  /** The beginning of the hash: enough to tell keys apart, and not the hash itself. */
  theirs: string;
  name: string;
  teamId: string | null;
  allowedModels: string[] | null;
  expiresAt: string | null;
  /** USD. */
  budget: { limit: string; window: 'hour' | 'day' | 'week' | 'month' | 'total' } | null;
  rates: { measure: 'requests' | 'total_tokens'; limit: number }[];
};

/** `skipped`: it may do nothing there either. `problem`: it can, and we have nothing like it. */
export type KeyReading = { key: PlannedKey } | { skipped: string } | { problem: string };

const HASH_LENGTH = 16;

export function shortHash(token: string): string {
  return token.slice(0, HASH_LENGTH);
}

/** LiteLLM resets those of 30 days on the first of a month. */
const WINDOWS = new Map([
  ...(['1h', '60m'] as const).map((name) => [name, 'hour'] as const),
  ...(['1d', '24h'] as const).map((name) => [name, 'day'] as const),
  ...(['1w', '7d'] as const).map((name) => [name, 'week'] as const),
  ...(['1mo', '30d', '31d'] as const).map((name) => [name, 'month'] as const),
]) as ReadonlyMap<string, 'hour' | 'day' | 'week' | 'month'>;

/** Names of LiteLLM's that are no models. */
const EVERY_MODEL = new Set(['all-proxy-models', 'all-team-models', '*']);

export function readLitellmKey(
  fields: Readonly<Record<string, string>>,
  nowMs: number,
): KeyReading {
  const parsed = litellmKey.safeParse(fields);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    return { problem: `${issue?.path.join('.') ?? 'key'}: ${issue?.message ?? 'invalid'}` };
  }
  const { token, models, expires, blocked, max_budget, budget_duration } = parsed.data;
  if (/^(?:true|t|1)$/i.test(blocked ?? '')) return { skipped: 'it is blocked' };
  const expiresMs = typeof expires === 'number' ? expires : null;
  if (expiresMs !== null && expiresMs <= nowMs) return { skipped: 'it has expired' };
  const atto = max_budget === null ? null : (parseAtto(max_budget) ?? 0n);
  if (atto !== null && atto <= 0n) return { skipped: 'it may spend nothing' };
  const window = budget_duration === null ? 'total' : WINDOWS.get(budget_duration);
  // A key without the budget that it had could spend without an end.
  // seam: key-without-its-budget
  if (atto !== null && window === undefined) {
    return { problem: `budget_duration: no window of ours is ${budget_duration}` };
  }
  const { key_alias, key_name, team_id, rpm_limit, tpm_limit } = parsed.data;
  const limit = atto === null ? null : formatDecimal12(picoOfAtto(atto));
  return {
    key: {
      ...{ theirs: shortHash(token), name: key_alias ?? key_name ?? shortHash(token) },
      ...{ teamId: team_id, allowedModels: modelsOf(models ?? '') },
      expiresAt: expiresMs === null ? null : new Date(expiresMs).toISOString(),
      budget: limit === null || window === undefined ? null : { limit, window },
      rates: [
        ...(rpm_limit > 0 ? [{ measure: 'requests' as const, limit: rpm_limit }] : []),
        ...(tpm_limit > 0 ? [{ measure: 'total_tokens' as const, limit: tpm_limit }] : []),
      ],
    },
  };
}

/** Null: any model. */
function modelsOf(text: string): string[] | null {
  const inner = text.replace(/^[[{]/, '').replace(/[\]}]$/, '');
  const names = inner.split(',').map((name) => name.trim().replace(/^"(.*)"$/, '$1'));
  const models = names.filter((name) => name !== '');
  return models.length === 0 || models.some((name) => EVERY_MODEL.has(name)) ? null : models;
}
