import { describe, expect, it } from 'vitest';
import type { AttemptStart } from './attempt-event.ts';
import { unknownOutcome } from './attempt-event.ts';
import { finishedText, startedText } from './event-text.ts';
import { readPlainAttempt } from './plain-attempt.ts';

const ID = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';
const part = (leaseId: string) => ({ lease: { leaseId }, amount: 1n });

function text(parts: AttemptStart['holds'][number]['parts'], usageSource = 'none'): string {
  const account = { stream: 'budget-b@20261101T000000Z' };
  const started = startedText({
    ...{ attemptId: ID, callId: ID, attempt: 1, instanceId: 'ins_1', startedAtMs: 0 },
    key: { customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live', tags: {} },
    request: { endpoint: 'embeddings', model: 'm', stream: false, endUser: null },
    deployment: { provider: { name: 'p' }, model: 'm', price: null },
    holds: [{ account, unit: { text: 'usd' }, parts }],
  });
  const outcome = { ...unknownOutcome('2026-11-24T01:02:04.005Z'), cost: '0.000000000001' };
  return finishedText(started, { ...outcome, usage_source: usageSource as 'none' });
}

describe('an attempt that is read without its schema', () => {
  it.each([0, 1, 2, 3])('may have %i leases in its holds', (count) => {
    const parts = Array.from({ length: count }, (_, i) => part(`lse_${i}`));
    expect(readPlainAttempt(text(parts))?.id).toBe(ID);
  });

  it.each(['hold_lease_ids', 'hold_amounts', 'hold_units', 'budget_windows'])(
    'is not read if %s has one entry less or more than the others',
    (column) => {
      const whole = text([part('lse_1'), part('lse_2')]);
      const edited = (edit: (entries: string[]) => string[]) =>
        whole.replace(new RegExp(`("${column}":)(\\[[^\\]]*\\])`), (_, name, list) => {
          return name + JSON.stringify(edit(JSON.parse(list)));
        });
      expect(readPlainAttempt(edited((entries) => entries))).not.toBeNull();
      expect(readPlainAttempt(edited(([first]) => [first as string]))).toBeNull();
      expect(readPlainAttempt(edited((entries) => [...entries, entries[0] as string]))).toBeNull();
      expect(readPlainAttempt(edited(() => []))).toBeNull();
    },
  );

  it('is not read if one list is empty and another has an entry', () => {
    const none = text([]);
    expect(readPlainAttempt(none)).not.toBeNull();
    expect(readPlainAttempt(none.replace('"hold_amounts":[]', '"hold_amounts":["1"]'))).toBeNull();
    const one = text([part('lse_1')]);
    expect(readPlainAttempt(one.replace('["lse_1"]', '[]'))).toBeNull();
  });

  it('is resolvable if its usage was estimated, or its cost is not known', () => {
    const known = text([], 'provider');
    const unknown = known.replace('"cost":"0.000000000001"', '"cost":null');
    const resolvable = [text([], 'estimated'), known, unknown].map(
      (json) => readPlainAttempt(json)?.resolvable,
    );
    expect(resolvable).toEqual([true, false, true]);
  });
});
