import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AnthropicUsage } from './anthropic-usage.ts';

const count = fc.nat(1_000_000);

it('I6: the buckets of any usage, in any number of running totals, sum to the provider’s total', () => {
  const totals = fc.record({ input: count, read: count, short: count, long: count, output: count });
  fc.assert(
    fc.property(totals, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (t, parts) => {
      const at = (part: number) => ({
        input_tokens: t.input,
        cache_read_input_tokens: t.read,
        cache_creation_input_tokens: t.short + t.long,
        cache_creation: { ephemeral_5m_input_tokens: t.short, ephemeral_1h_input_tokens: t.long },
        output_tokens: Math.floor(t.output * part),
      });
      const usage = new AnthropicUsage();
      for (const part of [...parts.toSorted((a, b) => a - b), 1]) usage.read(at(part));
      const q = usage.quantities;
      expect(q).not.toBeNull();
      if (q === null) return;
      const written = q.cacheWriteTokens + q.cacheWrite1hTokens;
      expect(q.inputTokens + q.cacheReadTokens + written + q.outputTokens).toBe(
        t.input + t.read + t.short + t.long + t.output,
      );
      expect([q.cacheWriteTokens, q.cacheWrite1hTokens]).toEqual([t.short, t.long]);
    }),
  );
});
