/** Calls that are refused: what the client gets, and the event of it. */
import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import { answering, chat, failingAt, gate, post, until } from '../testing/calls.ts';

const openHouse = useCallHouses();
let house: CallHouse;

async function open(options: CallHouseOptions): Promise<void> {
  house = await openHouse({ budgets: [{}], ...options });
}

describe('a call that is refused', () => {
  it('for its budget says which limit was hit, and is an event', async () => {
    await open({ providers: [answering(200, '{}')], budgets: [{ limit: 5n, window: 'total' }] });
    const response = await post(house);
    const { error } = (await response.json()) as { error: Record<string, unknown> };
    expect([response.status, error]).toEqual([
      402,
      {
        message:
          'The total budget of this key cannot pay for this call at its worst case, 0.000000000211 usd: 0.000000000000 usd of 0.000000000005 are spent or reserved. Ask your operator to raise it. A smaller output limit would not help.',
        needed: '0.000000000211',
        type: 'insufficient_quota',
        param: null,
        code: 'budget_exceeded',
        ...{ scope: 'key', unit: 'usd', window: 'total' },
        ...{ limit: '0.000000000005', spent: '0.000000000000', resets_at: null },
        remedy: {
          action: 'send_less',
          text: 'Send less, or ask your operator to raise the limit.',
        },
      },
    ]);
    await house.idle();
    expect([response.headers.get('x-tollgate-call-id'), house.refused, house.events()]).toEqual([
      house.events()[0]?.call_id,
      ['budget_exceeded'],
      [
        expect.objectContaining({
          ...{ type: 'refusal', status: 'refused', error_type: 'budget_exceeded' },
          ...{ model_requested: 'm', endpoint: 'chat.completions', attempt: 0, requests: 0 },
          refusal: {
            ...{ kind: 'budget', budget_id: expect.any(String), revision: '0', unit: 'usd' },
            window: expect.stringMatching(/^budget-.*@19700101T000000Z$/),
            ...{ limit: '0.000000000005', spent: '0.000000000000', needed: '0.000000000211' },
          },
        }),
      ],
    ]);
  });

  it('for want of a connection to its provider has held nothing, and may come again', async () => {
    const [asked, answer] = [gate(), gate()];
    const slow: RequestListener = (_request, response) => {
      asked.open();
      void answer.opened.then(() => response.writeHead(200).end('{}'));
    };
    await open({ providers: [slow], limits: { upstreamConnectionsMax: 1, upstreamQueueMs: 50 } });
    const first = post(house);
    await asked.opened;
    const refused = await post(house);
    const { error } = (await refused.json()) as { error: { code: string; message: string } };
    expect([refused.status, refused.headers.get('retry-after'), error]).toMatchObject([
      503,
      '1',
      { code: 'overloaded', message: expect.stringContaining('connections') },
    ]);
    expect([house.holds.length, house.handler.inFlight]).toEqual([1, 1]);
    answer.open();
    await first;
    expect([(await post(house)).status, house.refused]).toEqual([200, ['overloaded']]);
  });

  it('says when a budget with a window resets', async () => {
    await open({ providers: [answering(200, '{}')], budgets: [{ limit: 5n, window: 'day' }] });
    const { error } = (await (await post(house)).json()) as { error: Record<string, string> };
    expect(error['message']).toContain(` It resets at ${error['resets_at']}. `);
    expect(error['resets_at']).toMatch(/^\d{4}-\d\d-\d\dT00:00:00\.000Z$/);
  });

  it('because its budget cannot be checked may come again', async () => {
    const budgets = [{ time_zone: 'Nowhere/At_All', window: 'day' as const }];
    await open({ providers: [answering(200, '{}')], budgets, tolerant: true });
    const response = await post(house);
    const { error } = (await response.json()) as { error: { code: string } };
    expect([response.status, error.code, house.handler.inFlight]).toEqual([
      503,
      'budget_unavailable',
      0,
    ]);
  });

  it.each([
    ['that cannot be read', '{"model":', 400, 'invalid_json', null],
    ['that has no bound', chat({ plugins: [] }), 400, 'unbounded_request', 'm'],
  ])('%s is an event of what is known of it', async (_, body, status, code, model) => {
    await open({ providers: [answering(200, '{}')] });
    expect((await post(house, body)).status).toBe(status);
    await house.idle();
    expect([house.refused, house.events().map((event) => event.model_requested)]).toEqual([
      [code],
      [model],
    ]);
  });

  it('I1: and cannot be recorded is reported', async () => {
    await open({ submit: failingAt('recorded'), providers: [answering(200, '{}')] });
    expect((await post(house, '{')).status).toBe(400);
    await until(() => house.journalFailures.length === 1);
    expect(house.journalFailures.map(String)).toEqual(['Error: the disk is full']);
  });
});
