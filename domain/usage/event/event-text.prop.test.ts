import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { formatDecimal12 } from '../../money/money.ts';
import { type AttemptStart, unknownOutcome } from './attempt-event.ts';
import { finishedText, startedText } from './event-text.ts';
import { readPlainAttempt } from './plain-attempt.ts';

const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
const ATTEMPT = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';
const TIME_MS = Date.UTC(2026, 10, 24, 1, 2, 3, 4);

const facts = fc
  .record({
    customerId: text,
    teamId: fc.option(text),
    environment: text,
    tags: fc.dictionary(text, text, { maxKeys: 5 }),
    endUser: fc.option(text),
    model: text,
    served: text,
    provider: fc.stringMatching(/^[a-z][a-z0-9-]{0,20}$/),
    priced: fc.boolean(),
    amounts: fc.array(fc.bigInt({ min: 0n, max: 10n ** 25n }), { maxLength: 3 }),
  })
  .map((given) => ({
    given,
    facts: {
      attemptId: ATTEMPT,
      callId: ATTEMPT,
      attempt: 1,
      instanceId: 'ins_1',
      key: { ...given, keyId: 'key_1' },
      request: {
        endUser: given.endUser,
        model: given.model,
        endpoint: 'chat.completions',
        stream: true,
      },
      deployment: {
        provider: { name: given.provider },
        model: given.served,
        price: given.priced ? { version: 'v "1"', source: 'config' } : null,
      },
      holds: [
        {
          account: { stream: 'budget-b@20261101T000000Z' },
          unit: { text: 'usd' },
          parts: given.amounts.map((amount, i) => ({ lease: { leaseId: `lse_${i}` }, amount })),
        },
      ],
      startedAtMs: TIME_MS,
    } as AttemptStart,
  }));

// As its escape, half of a pair takes six characters in the warehouse, and more than fits.
it('I1: an event has no half of a surrogate pair, and as many characters as it was given', () => {
  const halves = '\ud83d'.repeat(256);
  const [sample] = fc.sample(facts, 1);
  const given = sample?.facts as AttemptStart;
  const request = { ...given.request, endUser: halves.repeat(4), model: halves };
  const deployment = { ...given.deployment, model: halves };
  const key = { ...given.key, tags: { [`${halves.slice(1)}k`]: halves } };
  const started = startedText({ ...given, request, deployment, key });
  const outcome = { ...unknownOutcome(new Date(TIME_MS).toISOString()), model_served: halves };
  const event = usageEvent.parse(JSON.parse(finishedText(started, outcome)));
  expect(JSON.stringify(event)).not.toMatch(/\\ud8/i);
  expect(event.end_user).toHaveLength(1024);
});

it('I1, I8: the text of a start and of an unknown end is a usage event with exactly what is known', () => {
  fc.assert(
    fc.property(facts, ({ given, facts }) => {
      const started = startedText(facts);
      const whole = finishedText(started, unknownOutcome(new Date(TIME_MS).toISOString()));
      // No key has such a tag: whole or refused, an event never loses one on the way.
      if (Object.hasOwn(given.tags, '__proto__')) {
        expect(readPlainAttempt(whole)).toBeNull();
        expect(usageEvent.safeParse(JSON.parse(whole)).error?.issues).toMatchObject([
          { path: ['tags', '__proto__'] },
        ]);
        return;
      }
      const event = usageEvent.parse(JSON.parse(whole));
      // Else the projector asks the schema about every event.
      const plain = { id: ATTEMPT, time: event.time, resolvable: true };
      expect(readPlainAttempt(whole)).toEqual(whole.includes('\\') ? null : plain);
      expect(event).toMatchObject({
        ...(JSON.parse(started) as object),
        id: ATTEMPT,
        customer_id: given.customerId,
        team_id: given.teamId,
        tags: given.tags,
        end_user: given.endUser,
        model_requested: given.model,
        deployment: `${given.provider}/${given.served}`,
        price_version: given.priced ? 'v "1"' : null,
        status: 'unknown',
        cost: null,
        input_tokens: null,
        time: '2026-11-24T01:02:03.004Z',
      });
      expect(event.hold_lease_ids).toHaveLength(given.amounts.length);
    }),
  );
});

// Texts of slices are kept from call to call.
it('I3: the holds of an event are its own slices and amounts, whatever calls came before', () => {
  const leases = Array.from({ length: 3 }, (_, i) => ({ leaseId: `lse_${i}` }));
  const part = fc.record({
    lease: fc.constantFrom(...leases),
    amount: fc.bigInt({ min: 0n, max: 10n ** 25n }),
  });
  const hold = fc.record({
    unit: fc.record({ text: fc.constantFrom('usd', 'tokens') }),
    account: fc.constant({ stream: 'budget-b@20261101T000000Z' }),
    parts: fc.array(part, { maxLength: 2 }),
  });
  const [sample] = fc.sample(facts, 1);
  const given = { ...(sample?.facts as AttemptStart) };
  fc.assert(
    fc.property(fc.array(hold, { maxLength: 2 }), (holds) => {
      const started = JSON.parse(startedText({ ...given, holds })) as Record<string, unknown>;
      const parts = holds.flatMap(({ parts, unit }) => parts.map((one) => ({ ...one, unit })));
      expect([started['hold_lease_ids'], started['hold_units']]).toEqual([
        parts.map(({ lease }) => lease.leaseId),
        parts.map(({ unit }) => unit.text),
      ]);
      expect(started['hold_amounts']).toEqual(parts.map(({ amount }) => formatDecimal12(amount)));
      expect(started['budget_windows']).toHaveLength(parts.length);
    }),
  );
});

const limits = fc.option(
  fc.record({
    tokens: fc.integer({ min: 1, max: 999_999_999 }),
    clamped: fc.constantFrom(true as const, undefined),
  }),
);

it('an output limit that the gateway set is on the event, and its absence is none', () => {
  fc.assert(
    fc.property(facts, limits, ({ facts }, imposedLimit) => {
      const outcome = unknownOutcome(new Date(TIME_MS).toISOString());
      const whole = finishedText(startedText({ ...facts, imposedLimit }), outcome);
      if (Object.hasOwn(facts.key.tags, '__proto__')) return;
      const { output_limit, output_clamped } = usageEvent.parse(JSON.parse(whole));
      expect(output_limit).toBe(imposedLimit?.tokens);
      expect(output_clamped).toBe(imposedLimit?.clamped);
      // Else the projector asks the schema about every event.
      expect(readPlainAttempt(whole) === null).toBe(whole.includes('\\'));
    }),
  );
});

it('a known end is written as it is, zeros as zeros', () => {
  fc.assert(
    fc.property(facts, fc.nat(), text, ({ facts }, tokens, model) => {
      const outcome = {
        ...unknownOutcome('2026-11-24T00:00:00.000Z'),
        input_tokens: tokens,
        output_tokens: 0,
        cost: '0.000000000000',
        model_served: model,
        provider_request_id: model,
        status: 'ok' as const,
        http_status: 200,
        latency_ms: 1.5,
      };
      expect(JSON.parse(finishedText(startedText(facts), outcome))).toMatchObject(outcome);
    }),
  );
});
