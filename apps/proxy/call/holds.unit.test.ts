import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import type { ModelPrice } from '@tollgate/domain/pricing/price.ts';
import { expect, it } from 'vitest';
import { readChatRequest } from '../dialects/openai/chat-request.ts';
import { readEmbeddingsRequest } from '../dialects/openai/embeddings-request.ts';
import type { Deployment } from '../routing/deployments.ts';
import { holdRequests } from './holds.ts';

const tokens = (pico: string) => [{ from_input_tokens: 0, pico_usd_per_million: pico }];

it('I3: a model that always searches has no bound: no list has the fee of its searches', () => {
  const body = '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}';
  const read = readChatRequest({ body: Buffer.from(body) }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  const price = { price: compilePrice({ input: tokens('1') }) };
  const codes = ['gpt-4o-mini-search-preview', 'gpt-5-search-api', 'gpt-4o'].map((model) => {
    const deployment = { model, price, outputTokensMax: 9 } as unknown as Deployment;
    const holds = holdRequests([{ unit: 'usd' } as BudgetDefinition], read.request, deployment);
    return 'code' in holds ? holds.code : 'held';
  });
  expect(codes).toEqual(['unbounded_request', 'unbounded_request', 'held']);
});

/** What an embeddings call holds of a budget in USD. */
function heldFor(price: ModelPrice): bigint | undefined {
  const budget = { unit: 'usd' } as BudgetDefinition;
  const read = readEmbeddingsRequest({ body: Buffer.from('{"model":"m","input":"hi"}') }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  const deployment = { model: 'm', price: { price: compilePrice(price) }, outputTokensMax: null };
  const holds = holdRequests([budget], read.request, deployment as unknown as Deployment);
  return 'code' in holds ? undefined : holds[0]?.amount;
}

it('I3: a call holds something of a lease, on which a charge beyond its bound can fall', () => {
  // Embeddings have no output: the bound is nothing, but a provider may state some.
  expect(heldFor({ output: tokens('1000000') })).toBe(1n);
  expect(heldFor({ input: tokens('1000000') })).toBeGreaterThan(1n);
});

it('a call of a model that is free takes nothing of a budget', () => {
  expect(heldFor({})).toBe(0n);
  expect(heldFor({ input: tokens('0') })).toBe(0n);
});
