import { describe, expect, it } from 'vitest';
import { resolutionEvent } from '../usage/event/resolution-event.ts';
import { noQuantities, toEventQuantities, unknownQuantities } from '../usage/quantities.ts';
import type { UsageEvent } from '../usage/usage-event.ts';
import { agrees, resolvedAgrees } from './resolution.ts';

const target = {
  id: '019ab000-0000-7000-8000-000000000001',
  type: 'attempt',
  time: '2026-11-24T00:00:00.000Z',
  cost: null,
  usage_source: 'none',
  hold_lease_ids: ['lse_1'],
  hold_amounts: ['1.000000000000'],
  ...unknownQuantities(),
} as UsageEvent;
const line = {
  attempt_id: target.id,
  ...toEventQuantities({ ...noQuantities(), inputTokens: 7, outputTokens: 3, requests: 1 }),
  cost: '0.500000000001',
} as Parameters<typeof agrees>[1];
const facts = { importId: 'rec_1', hash: new Uint8Array(32), recordedAt: target.time };

describe('a resolution', () => {
  it('of an unknown attempt is what the bill says; without a line it is nothing', () => {
    const billed = resolutionEvent(target, line, facts);
    const unbilled = resolutionEvent(target, undefined, facts);
    expect([billed.input_tokens, billed.output_tokens, billed.cost]).toEqual([7, 3, line.cost]);
    expect([unbilled.input_tokens, unbilled.cost]).toEqual([0, '0.000000000000']);
    expect([billed.resolves_id, billed.id, billed.hold_lease_ids]).toEqual([
      target.id,
      unbilled.id,
      [],
    ]);
  });

  it('of an estimate is the difference', () => {
    const quantities = toEventQuantities({ ...noQuantities(), inputTokens: 10, requests: 1 });
    const estimated = { ...target, ...quantities, cost: '0.600000000000' };
    const { input_tokens, output_tokens, requests, cost } = resolutionEvent(estimated, line, facts);
    expect([input_tokens, output_tokens, requests, cost]).toEqual([-3, 3, 0, '-0.099999999999']);
    expect([agrees(estimated, line), agrees({ ...target, ...line } as UsageEvent, line)]).toEqual([
      false,
      true,
    ]);
  });

  it('is contradicted by a line with the same cost and other quantities', () => {
    const resolution = resolutionEvent(target, line, facts);
    expect(resolvedAgrees(target, resolution, line)).toBe(true);
    expect(resolvedAgrees(target, resolution, { ...line, input_tokens: 8 })).toBe(false);
    expect(resolvedAgrees(target, resolution, { ...line, cost: '0.500000000002' })).toBe(false);
  });
});
