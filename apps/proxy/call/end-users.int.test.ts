/** Whom a call is for: what names an end user, what a key demands, and whose budget is drawn from. */
import { createHash } from 'node:crypto';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { expect, it } from 'vitest';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { type CallHouse, useCallHouses } from '../testing/call-house.ts';
import { answering, chat, HOLD } from '../testing/calls.ts';

const openHouse = useCallHouses();
let house: CallHouse;

const answer = JSON.stringify({
  choices: [{ message: { content: 'four five' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 30, completion_tokens: 12 },
});

async function open(budgets: Partial<BudgetDefinition>[] = [], key: Partial<KeyView> = {}) {
  house = await openHouse({ providers: [answering(200, answer)], budgets, key });
}

async function call(fields: object, headers: Record<string, string> = {}) {
  const response = await fetch(`${house.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: chat(fields),
  });
  return { status: response.status, body: (await response.json()) as { error: object } };
}

const named = async (...calls: Parameters<typeof call>[]) => {
  for (const one of calls) await call(...one);
  await house.idle();
  return house.events().map(({ end_user }) => end_user);
};

it('the header names the end user before `safety_identifier`, and that before `user`', async () => {
  await open();
  const body = { safety_identifier: 's', user: 'u' };
  expect(
    await named(
      [body, { 'x-tollgate-end-user': 'h' }],
      [body],
      [{ user: 'u' }],
      [{ user: 'u' }, { 'x-tollgate-end-user': '' }],
      [{}],
    ),
  ).toEqual(['h', 's', 'u', 'u', null]);
});

it('a name is the same person in a header and in a body, in any script', async () => {
  await open();
  const inHeader = Buffer.from('Ærøskøbing 名').toString('latin1');
  expect(
    await named([{}, { 'x-tollgate-end-user': inHeader }], [{ user: 'Ærøskøbing 名' }]),
  ).toEqual(['Ærøskøbing 名', 'Ærøskøbing 名']);
});

it('a name that is too long is refused, wherever it is', async () => {
  await open();
  const long = 'x'.repeat(1_025);
  expect([
    await call({}, { 'x-tollgate-end-user': long }),
    await call({ user: long }),
    await call({ safety_identifier: long }),
  ]).toMatchObject([
    { status: 400, body: { error: { param: 'x-tollgate-end-user', code: 'invalid_request' } } },
    { status: 400, body: { error: { param: 'user' } } },
    { status: 400, body: { error: { param: 'safety_identifier' } } },
  ]);
});

it('a key that demands end users refuses a call without one, before it costs anything', async () => {
  await open([{ limit: 10_000n }], { endUserRequired: true });
  expect([await call({}), await call({ user: '' }), await call({ user: 'u' })]).toMatchObject([
    { status: 400, body: { error: { code: 'end_user_required', param: 'user' } } },
    { status: 400, body: { error: { code: 'end_user_required' } } },
    { status: 200 },
  ]);
  expect(house.holds).toHaveLength(1);
});

it('I3: a call draws from the budget of its own end user, and says so on its event', async () => {
  await open([{ per: 'end_user', limit: HOLD + 20n }]);
  const said = [];
  for (const user of ['anna', 'anna', 'ben']) {
    const { status, body } = await call({ user });
    said.push([status, body.error ?? null]);
  }
  expect(said).toMatchObject([
    [200, null],
    [
      402,
      {
        code: 'budget_exceeded',
        scope: 'end_user',
        message: expect.stringContaining('this end user'),
      },
    ],
    [200, null],
  ]);
  await house.idle();
  const windows = house.events().flatMap(({ budget_windows }) => budget_windows);
  const digest = (who: string) => createHash('sha256').update(who).digest('hex').slice(0, 32);
  expect(windows).toEqual([
    expect.stringMatching(`^budget-bud_\\d+~${digest('anna')}@19700101T000000Z$`),
    expect.stringMatching(`^budget-bud_\\d+~${digest('ben')}@19700101T000000Z$`),
  ]);
});

it('I3: calls that name nobody share one budget, so that leaving the name out is no way around', async () => {
  await open([{ per: 'end_user', limit: HOLD + 20n }]);
  expect([await call({}), await call({ user: '' }), await call({ user: 'u' })]).toMatchObject([
    { status: 200 },
    { status: 402 },
    { status: 200 },
  ]);
});
