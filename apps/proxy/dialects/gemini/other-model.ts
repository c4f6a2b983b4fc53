/** A body may name its model once more: another one than that of the path would be priced as that one. */
import type { CallTarget } from '../dialect.ts';
import type { Refused } from '../openai/json-body.ts';

/** @returns null: it names no other */
export function otherModel(
  named: string | null | undefined,
  { model }: CallTarget,
): Refused | null {
  if (named === undefined || named === null || named === model) return null;
  if (named === `models/${model}`) return null;
  const message = '`model` of the body is another model than that of the path.';
  return { ok: false, refusal: { code: 'invalid_request', param: 'model', message } };
}
