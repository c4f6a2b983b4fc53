/** Calls that are refused: what the client is told, and what is recorded of it. */
import type { FastifyReply } from 'fastify';
import { describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, Client, type StageOptions } from '../testing/call-stage.ts';
import { chat } from '../testing/calls.ts';
import { sendRefusal } from './refusal.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
let stage: CallStage;

async function refused(body: string, options: StageOptions = {}, isAway = false) {
  stage = await CallStage.open(books(), options);
  if (isAway) stage.ledger.fault = 'away';
  const { refusal } = stage.call(body);
  await vi.advanceTimersByTimeAsync(0);
  const { error } = JSON.parse(refusal.body ?? '{}') as { error?: Record<string, unknown> };
  return { status: refusal.status, headers: refusal.headers, error };
}

describe('a call that is refused', () => {
  const unknown = { code: 'model_not_found', message: 'No model `m`.', param: 'model' } as const;

  it.each<[string, string, StageOptions, boolean, number, string | null]>([
    ['invalid_json', '{"model":', {}, false, 400, null],
    ['unbounded_request', chat({ plugins: [] }), {}, false, 400, 'm'],
    ['model_not_found', chat(), { noRoute: unknown }, false, 404, 'm'],
    ['budget_exceeded', chat(), { budgets: [{ limit: 5n }] }, false, 402, 'm'],
    ['budget_unavailable', chat(), {}, true, 503, 'm'],
  ])('as %s is told so, and is an event', async (code, body, options, isAway, status, model) => {
    const said = await refused(body, options, isAway);
    const [event] = stage.events();
    expect([said.status, said.error?.['code'], said.headers]).toEqual([
      status,
      code,
      expect.objectContaining({ 'x-tollgate-call-id': event?.call_id }),
    ]);
    expect(stage.writes).toMatchObject([{ op: 'recorded', partition: 3 }]);
    expect(event).toMatchObject({
      ...{ type: 'refusal', status: 'refused', error_type: code, model_requested: model },
      ...{ endpoint: 'chat.completions', customer_id: 'cus_1', attempt: 0 },
      time: '2026-06-01T12:00:00.000Z',
    });
    expect([stage.refused, stage.handler.inFlight, stage.posts]).toEqual([[code], 0, []]);
    expect(stage.journalFailures).toEqual([]);
  });

  const NEEDED = '0.000000000211';

  it('for a budget is told which, what of it is left, and when it resets', async () => {
    const said = (window: string, until: string) =>
      `The ${window} budget of this key cannot pay for this call at its worst case, ` +
      `${NEEDED} usd: ` +
      `0.000000000000 usd of 0.000000000005 are spent or reserved. ${until} A smaller output limit would not help.`;
    const resetsAt = '2026-06-02T00:00:00.000Z';
    for (const [window, until, resets_at] of [
      ['total', 'Ask your operator to raise it.', null],
      ['day', `It resets at ${resetsAt}.`, resetsAt],
    ] as const) {
      const { error } = await refused(chat(), { budgets: [{ limit: 5n, window }] });
      expect(error).toMatchObject({
        ...{ message: said(window, until), scope: 'key', unit: 'usd', window, resets_at },
        ...{ limit: '0.000000000005', spent: '0.000000000000', needed: NEEDED },
      });
    }
  });

  it('I10: for a budget of all customers is told no amounts of it', async () => {
    const scope = { type: 'installation', id: 'installation' } as const;
    const { error } = await refused(chat(), { budgets: [{ scope, limit: 5n, window: 'day' }] });
    const resets_at = '2026-06-02T00:00:00.000Z';
    expect(error).toEqual({
      ...{ type: 'insufficient_quota', code: 'budget_exceeded', param: null },
      message:
        'The day budget of this installation cannot pay for this call at its worst case, ' +
        `${NEEDED} usd. It resets at ${resets_at}. A smaller output limit would not help.`,
      ...{ scope: 'installation', unit: 'usd', window: 'day', resets_at, needed: NEEDED },
      ...{ limit: null, spent: null },
      remedy: { action: 'send_less', text: 'Send less, or ask your operator to raise the limit.' },
    });
    // The operator reads them, by the event of the refusal.
    expect(stage.events()[0]?.refusal).toMatchObject({
      ...{ limit: '0.000000000005', spent: '0.000000000000' },
    });
  });

  it('I1: and cannot be recorded is reported', async () => {
    stage = await CallStage.open(books());
    stage.journalWaits = true;
    stage.call('{');
    stage.durable(new Error('the disk is full'));
    expect(stage.journalFailures).toEqual(['the disk is full']);
  });
});

it('a call of nobody known has no id', () => {
  const client = new Client();
  const deps = { limits: proxyLimits };
  sendRefusal(deps, client.reply as FastifyReply, () => 'body', { code: 'overloaded' });
  expect(client.refusal).toEqual({
    status: 503,
    headers: { 'content-type': 'application/json', 'x-should-retry': 'true', 'retry-after': '1' },
    body: 'body',
  });
});
