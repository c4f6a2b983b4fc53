/** Whole calls of the Messages API on real sockets: what the client gets, and what is recorded and charged. */
import { describe, expect, it } from 'vitest';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../../testing/call-house.ts';
import { answering, ends } from '../../testing/calls.ts';

const openHouse = useCallHouses();
let house: CallHouse;

const open = async (options: CallHouseOptions) => {
  house = await openHouse({ budgets: [{}], ...options });
};

const ask = (fields: object = {}) =>
  fetch(`${house.url}/v1/messages`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01' },
    body: JSON.stringify({
      ...{ model: 'm', max_tokens: 16, messages: [{ role: 'user', content: 'hi' }] },
      ...fields,
    }),
  });

const usage = {
  ...{ input_tokens: 10, cache_read_input_tokens: 5, cache_creation_input_tokens: 3 },
  output_tokens: 7,
};
const message = {
  ...{ id: 'msg_1', type: 'message', role: 'assistant', model: 'claude-x' },
  ...{ content: [{ type: 'text', text: 'hello' }], stop_reason: 'end_turn', usage },
};

describe('a message', () => {
  it('I11: is the provider’s, byte for byte, and its event has each count once', async () => {
    const body = ` ${JSON.stringify(message, null, 1)}\n`;
    await open({ providers: [answering(200, body)] });
    const response = await ask();
    expect([response.status, await response.text()]).toEqual([200, body]);
    const { held, spent } = await ends(house);
    expect(house.events()).toMatchObject([
      {
        ...{
          endpoint: 'messages',
          status: 'ok',
          usage_source: 'provider',
          provider_request_id: 'msg_1',
        },
        ...{ model_served: 'claude-x', input_tokens: 10, cache_read_tokens: 5 },
        ...{ cache_write_tokens: 3, output_tokens: 7, requests: 1 },
      },
    ]);
    expect([held, spent]).toEqual([0n, 25n]);
  });

  it('I3: that says nothing of its usage is charged at its hold, and no estimate is made', async () => {
    await open({ providers: [answering(200, JSON.stringify({ ...message, usage: undefined }))] });
    await (await ask()).text();
    const { held, spent } = await ends(house);
    const [event] = house.events();
    expect(event).toMatchObject({ usage_source: 'none', input_tokens: null, cost: null });
    expect(held).toBe(0n);
    expect(spent).toBeGreaterThan(100n);
  });

  it('that is refused by the provider costs nothing, and says so as the provider does', async () => {
    const error = { type: 'error', error: { type: 'rate_limit_error', message: 'slow down' } };
    await open({ providers: [answering(429, JSON.stringify(error))] });
    const response = await ask();
    expect([response.status, await response.json()]).toEqual([429, error]);
    const { held, spent } = await ends(house);
    expect([held, spent, house.events()[0]?.status]).toEqual([0n, 0n, 'upstream_error']);
  });
});

describe('a refusal of the gateway', () => {
  it('says which budget it was in the form that this dialect’s clients read, who do not try again', async () => {
    await open({ providers: [answering(200, '{}')], budgets: [{ limit: 5n }] });
    const response = await ask();
    expect([response.status, response.headers.get('x-should-retry')]).toEqual([402, 'false']);
    expect(await response.json()).toMatchObject({
      type: 'error',
      error: {
        ...{ type: 'billing_error', code: 'budget_exceeded', scope: 'key', unit: 'usd' },
        ...{ limit: expect.any(String), spent: expect.any(String), resets_at: null },
        message: expect.any(String),
      },
    });
  });

  it.each<[string, object, number, string]>([
    ['a body that is none', { messages: 7 }, 400, 'invalid_request_error'],
    ['what has no bound', { mcp_servers: [{ url: 'u' }] }, 400, 'invalid_request_error'],
  ])('of %s is one of this dialect', async (_, fields, status, type) => {
    await open({ providers: [answering(200, '{}')] });
    const response = await ask(fields);
    expect([response.status, await response.json()]).toMatchObject([
      status,
      { type: 'error', error: { type } },
    ]);
  });
});
