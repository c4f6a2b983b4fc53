import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { models } from '../price-table.ts';
import { inputTotalOf } from '../pricing/cost.ts';
import { planChat } from './chat-plan.ts';
import type { ChatRequest } from './chat-request.ts';

const chatModels = [...models.values()].filter((model) => model.endpoint === 'chat');

const requests: fc.Arbitrary<ChatRequest> = fc
  .record({
    model: fc.constantFrom(...chatModels),
    text: fc.string({ maxLength: 8_000 }),
    choices: fc.integer({ min: 1, max: 4 }),
    outputTokensMax: fc.integer({ min: 1, max: 16_384 }),
    stream: fc.boolean(),
  })
  .map((request) => ({ ...request, includeUsage: request.stream, form: { kind: 'words' } }));

const knobs = fc.record(
  {
    output_tokens: fc.integer({ min: 0, max: 100_000 }),
    reasoning_tokens: fc.integer({ min: 0, max: 100_000 }),
  },
  { requiredKeys: [] },
);

describe('the plan of a chat call', () => {
  it('I3: never uses more than the bounds that a gateway holds for', () => {
    fc.assert(
      fc.property(requests, knobs, fc.nat(200), (request, steering, envelopeBytes) => {
        const bodyBytes = 1 + Buffer.byteLength(request.text) + envelopeBytes;
        const { usage } = planChat(request, steering, bodyBytes);
        const input = inputTotalOf(usage);
        const output = usage.outputTokens + usage.reasoningTokens;
        expect(input).toBeGreaterThanOrEqual(1);
        expect(input).toBeLessThanOrEqual(bodyBytes);
        expect(output).toBeLessThanOrEqual(request.outputTokensMax * request.choices);
        const { media: _, ...counts } = usage;
        expect(Math.min(...Object.values(counts))).toBeGreaterThanOrEqual(0);
      }),
      { numRuns: 300 },
    );
  });

  it('depends on the request alone: streamed or not, first or again', () => {
    fc.assert(
      fc.property(requests, knobs, (request, steering) => {
        const bodyBytes = 1 + Buffer.byteLength(request.text);
        const other = { ...request, stream: !request.stream };
        expect(planChat(other, steering, bodyBytes)).toEqual(
          planChat(request, steering, bodyBytes),
        );
      }),
      { numRuns: 100 },
    );
  });
});
