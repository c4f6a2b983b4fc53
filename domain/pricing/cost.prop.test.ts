import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { divideHalfAwayFromZero } from '../money/rounding.ts';
import { noQuantities } from '../usage/quantities.ts';
import { compilePrice } from './compile.ts';
import { costLines, costOf, type MoreUse, worstCaseCost } from './cost.ts';
import type { ModelPrice, PricedUnit, TieredPrice } from './price.ts';

const tiers = fc
  .record({
    base: fc.bigInt({ min: 0n, max: 10n ** 15n }),
    higher: fc.uniqueArray(
      fc.record({
        from: fc.integer({ min: 1, max: 400_000 }),
        pico: fc.bigInt({ min: 0n, max: 10n ** 15n }),
      }),
      { maxLength: 3, selector: ({ from }) => from },
    ),
  })
  .map(
    ({ base, higher }): TieredPrice => [
      { from_input_tokens: 0, pico_usd_per_million: String(base) },
      ...higher.map(({ from, pico }) => ({
        from_input_tokens: from,
        pico_usd_per_million: String(pico),
      })),
    ],
  );
const prices = fc.record(
  {
    input: tiers,
    cache_read: tiers,
    cache_write: tiers,
    output: tiers,
    reasoning: tiers,
    audio_input: tiers,
    audio_output: tiers,
    request: tiers,
    cache_write_1h: tiers,
    image_input: tiers,
    image_output: tiers,
    image: tiers,
    search: tiers,
    audio_second: tiers,
    character: tiers,
  },
  { requiredKeys: [] },
);
const tokens = fc.integer({ min: 0, max: 300_000 });
/** Most calls have none. */
const few = fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, tokens);
const quantities = fc
  .record({
    inputTokens: tokens,
    cacheReadTokens: tokens,
    cacheWriteTokens: tokens,
    outputTokens: tokens,
    reasoningTokens: tokens,
    audioInputTokens: tokens,
    audioOutputTokens: tokens,
    requests: fc.constantFrom(0, 1),
    cacheWrite1hTokens: few,
    imageInputTokens: few,
    imageOutputTokens: few,
    images: few,
    searches: few,
    audioSeconds: few,
    characters: few,
  })
  .map((known) => ({ ...noQuantities(), ...known }));

/** An independent model: fractions, and the tier found by sorting downwards. */
function rationalCost(price: ModelPrice, q: ReturnType<typeof noQuantities>): bigint | null {
  const written: [number, PricedUnit][] = [
    [q.outputTokens, 'output'],
    [q.reasoningTokens, 'reasoning'],
    [q.audioOutputTokens, 'audio_output'],
    [q.imageOutputTokens, 'image_output'],
  ];
  const isMeasured = [price.image, price.audio_second, price.character].some(
    (it) => it !== undefined,
  );
  const isPerRequest = price.request !== undefined && price.input === undefined && !isMeasured;
  const isKnown = (unit: PricedUnit) =>
    isPerRequest || price[unit] !== undefined || price.output !== undefined;
  if (written.some(([count, unit]) => count > 0 && !isKnown(unit))) return null;
  const readFrom: [number, PricedUnit][] = [
    [q.inputTokens, 'input'],
    [q.cacheReadTokens, 'cache_read'],
    [q.cacheWriteTokens, 'cache_write'],
    [q.audioInputTokens, 'audio_input'],
    [q.imageInputTokens, 'image_input'],
  ];
  const isRead = (unit: PricedUnit) =>
    !isMeasured || price[unit] !== undefined || price.input !== undefined;
  if (readFrom.some(([count, unit]) => count > 0 && !isRead(unit))) return null;
  const alone: [number, PricedUnit][] = [
    [q.cacheWrite1hTokens, 'cache_write_1h'],
    [q.images, 'image'],
    [q.searches, 'search'],
    [q.audioSeconds, 'audio_second'],
    [q.characters, 'character'],
  ];
  if (alone.some(([count, unit]) => count > 0 && price[unit] === undefined)) return null;
  const total = readFrom.reduce((sum, [count]) => sum + count, q.cacheWrite1hTokens);
  const priceOf = (...units: PricedUnit[]): bigint => {
    const list = units.map((unit) => price[unit]).find((tier) => tier !== undefined) ?? [];
    const reached = list.filter((tier) => tier.from_input_tokens <= total);
    reached.sort((a, b) => b.from_input_tokens - a.from_input_tokens);
    return BigInt(reached[0]?.pico_usd_per_million ?? 0);
  };
  const parts: [number, bigint][] = [
    [q.inputTokens, priceOf('input')],
    [q.cacheReadTokens, priceOf('cache_read', 'input')],
    [q.cacheWriteTokens, priceOf('cache_write', 'input')],
    [q.outputTokens, priceOf('output')],
    [q.reasoningTokens, priceOf('reasoning', 'output')],
    [q.audioInputTokens, priceOf('audio_input', 'input')],
    [q.audioOutputTokens, priceOf('audio_output', 'output')],
    [q.requests, priceOf('request')],
    [q.imageInputTokens, priceOf('image_input', 'input')],
    [q.imageOutputTokens, priceOf('image_output', 'output')],
    ...alone.map(([count, unit]): [number, bigint] => [count, priceOf(unit)]),
  ];
  const numerator = parts.reduce((sum, [count, pico]) => sum + BigInt(count) * pico, 0n);
  const whole = numerator / 1_000_000n;
  return (numerator % 1_000_000n) * 2n >= 1_000_000n ? whole + 1n : whole;
}

const sum = (...parts: number[]) => parts.reduce((total, part) => total + part, 0);

/** What a call asks for that uses exactly this; nothing, if it uses none of it. */
function moreOf(q: ReturnType<typeof noQuantities>): MoreUse | undefined {
  const { cacheWrite1hTokens, searches, images, audioSeconds, characters } = q;
  if (sum(cacheWrite1hTokens, searches, images, audioSeconds, characters) === 0) return undefined;
  return {
    ...{ cacheWrites1h: cacheWrite1hTokens > 0, searchesMax: searches, imagesMax: images },
    ...{ audioSecondsMax: audioSeconds, charactersMax: characters },
  };
}

describe('the cost of an attempt', () => {
  it('I6: is exact against a rational-number model, rounded once', () => {
    fc.assert(
      fc.property(prices, quantities, (price, q) => {
        const given = Object.fromEntries(
          Object.entries(price).filter(([, value]) => value !== undefined),
        ) as ModelPrice;
        expect(costOf(compilePrice(given), q)).toBe(rationalCost(given, q));
      }),
      { numRuns: 2_000 },
    );
  });

  it('I3: is never above the worst case that was held for it', () => {
    fc.assert(
      fc.property(prices, quantities, fc.nat(1000), (price, q, slack) => {
        const compiled = compilePrice(price as ModelPrice);
        const input = sum(
          ...[q.inputTokens, q.cacheReadTokens, q.cacheWriteTokens, q.cacheWrite1hTokens],
          ...[q.audioInputTokens, q.imageInputTokens],
        );
        const output = sum(
          ...[q.outputTokens, q.reasoningTokens, q.audioOutputTokens, q.imageOutputTokens],
        );
        const bound = {
          ...{ inputTokensMax: input + slack, outputTokensMax: output, requestsMax: 1 },
          more: moreOf(q),
        };
        expect(worstCaseCost(compiled, bound) >= (costOf(compiled, q) ?? 0n)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });
});

it('I6: the lines of a cost add up to it, rounded once', () => {
  fc.assert(
    fc.property(prices, quantities, (price, used) => {
      const compiled = compilePrice(price);
      const lines = costLines(compiled, used);
      const exact = lines?.reduce((sum, { atto }) => sum + atto, 0n) ?? null;
      const cost = costOf(compiled, used);
      expect(exact === null ? null : divideHalfAwayFromZero(exact, 1_000_000n)).toBe(cost);
    }),
  );
});
