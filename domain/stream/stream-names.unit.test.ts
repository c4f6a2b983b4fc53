import { expect, it } from 'vitest';
import { budgetDefinitionStreams, budgetWindowStreams } from '../budget/budget-events.ts';
import { customerStreams, externalIdStreams, teamStreams } from '../customer/customer-events.ts';
import { fenceStreams } from '../fence/fence-events.ts';
import { idempotencyStreams } from '../idempotency/idempotency-events.ts';
import { keyStreams } from '../key/key-events.ts';
import { billingStreams, cutStreams, invoiceStreams } from '../period/period-events.ts';
import { priceBookStreams } from '../pricing/price.ts';
import { rateLimitStreams } from '../rate-limit/rate-limit-events.ts';
import { reconciliationStreams } from '../reconciliation/reconciliation-events.ts';

it('streams have the names that ledgers hold already (ADR 0001)', () => {
  const categories = {
    customer: customerStreams,
    team: teamStreams,
    external_id: externalIdStreams,
    key: keyStreams,
    budget_definition: budgetDefinitionStreams,
    budget: budgetWindowStreams,
    rate_limit: rateLimitStreams,
    price_book: priceBookStreams,
    billing: billingStreams,
    cut: cutStreams,
    invoice: invoiceStreams,
    reconciliation: reconciliationStreams,
    fence: fenceStreams,
    idempotency: idempotencyStreams,
  };
  for (const [name, streams] of Object.entries(categories)) {
    expect(streams.of('1')).toBe(`${name}-1`);
  }
});
