/** `tollgate import` as people type it, against a real billing API. */
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliHouse, openCliHouse } from '../../testing/cli-house.ts';

let house: CliHouse;
beforeAll(async () => {
  house = await openCliHouse({
    clock: () => Date.parse('2026-11-24T12:00:00.000Z'),
  });
  await house.api.post('/v1/customers', { name: 'Acme', external_id: 'acme' });
});
afterAll(() => house?.close());

function file(name: string, text: string): string {
  const path = join(house.folder, name);
  writeFileSync(path, text);
  return path;
}

type Row = { events: number; cost: string; input_tokens: number; requests: number };

/** What is shown of a day, by the model. */
async function shown(day: string): Promise<Record<string, Row>> {
  const projector = await house.api.stores.start('p1');
  await projector.caughtUp();
  await projector.stop();
  const words = ['usage', '--in', day, '--by', 'served-model', '--history', '--json'];
  const { out } = await house.run(words);
  const rows = out === '' ? [] : out.trimEnd().split('\n');
  return Object.fromEntries(rows.map((row) => [JSON.parse(row).model, JSON.parse(row)]));
}

const spendLog = (id: string, more: object = {}) => ({
  ...{ request_id: id, call_type: 'acompletion', api_key: 'hash', spend: 1.5e-7 },
  ...{ prompt_tokens: 12, completion_tokens: 3, total_tokens: 15, model: 'gpt-4o' },
  ...{ startTime: '2026-11-10T10:00:00.1', endTime: '2026-11-10T10:00:01', status: 'success' },
  ...{ custom_llm_provider: 'openai', cache_hit: 'False', metadata: {}, ...more },
});

it('takes LiteLLM’s spend logs once: a broken line is named and loses no other, and a dry run comes first', async () => {
  const lines = Array.from({ length: 1_200 }, (_, n) => JSON.stringify(spendLog(`r${n}`)));
  lines[700] = '{"request_id": "r700", "spe';
  lines[900] = JSON.stringify(spendLog('r900', { startTime: 'yesterday' }));
  lines[901] = JSON.stringify(spendLog('r901', { startTime: '1999-01-01T00:00:00' }));
  const path = file('spend-logs.jsonl', `${lines.join('\n')}\n`);
  const words = ['import', 'litellm', path, '--customer', 'acme'];
  const dry = await house.run(words);
  expect([dry.code, await shown('2026-11-10')]).toEqual([1, {}]);
  expect(dry.err).toContain('Nothing was stored');
  for (const said of [
    'line 701: no JSON',
    'line 901: startTime: not a date',
    'line 902: time: too',
  ]) {
    expect(dry.err).toContain(said);
  }
  const applied = await house.run([...words, '--apply', '--json']);
  expect([applied.code, JSON.parse(applied.out).files]).toEqual([
    1,
    [{ file: path, records: 1_200, accepted: 1_197, problems: 3 }],
  ]);
  const once = { events: 1_197, cost: '0.000179550000', input_tokens: 14_364, requests: 1_197 };
  expect(await shown('2026-11-10')).toMatchObject({ 'gpt-4o': once });
  await house.run([...words, '--apply']);
  expect(await shown('2026-11-10')).toMatchObject({ 'gpt-4o': once });
});

it('reads Portkey’s cents, and a CSV that says whose each call is', async () => {
  const log = {
    id: 'p1',
    created_at: '2026-11-12T10:00:00Z',
    ai_org: 'openai',
    ai_model: 'gpt-4o',
  };
  const portkey = file(
    'portkey.jsonl',
    `${JSON.stringify({ ...log, req_units: 7, res_units: 2, cost: 0.0125, is_success: 1 })}\n`,
  );
  const ours = file(
    'ours.csv',
    'id,time,customer,model,cost,input_tokens\nc1,2026-11-12,acme,own,0.5,0\nc2,2026-11-12,,own,,4\n',
  );
  const taken = await house.run(['import', 'portkey', portkey, '--customer', 'acme', '--apply']);
  const partly = await house.run(['import', 'csv', ours, '--apply']);
  expect([taken.code, partly.code, partly.err]).toEqual([
    ...[0, 1],
    expect.stringContaining('line 3: customer: whose is it? Say --customer'),
  ]);
  expect(await shown('2026-11-12')).toMatchObject({
    'gpt-4o': { events: 1, cost: '0.000125000000', input_tokens: 7, requests: 1 },
    own: { events: 1, cost: '0.500000000000', input_tokens: 0 },
  });
});

it('a file that is none, and calls of nobody, are refused before anything is sent', async () => {
  house.requests.length = 0;
  const missing = await house.run(['import', 'csv', join(house.folder, 'none.csv')]);
  expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('(ENOENT)')]);
  const nobodys = await house.run(['import', 'litellm', 'x.jsonl']);
  expect([nobodys.code, nobodys.err]).toEqual([2, expect.stringContaining('--customer')]);
  const empty = await house.run(['import', 'csv', file('empty.csv', '')]);
  expect([empty.code, empty.err]).toEqual([2, expect.stringContaining('the file is empty')]);
  expect(house.requests).toEqual([]);
});

const litellmKeys = {
  keys: [
    {
      ...{ token: 'a'.repeat(64), key_name: 'sk-...1234', key_alias: 'backend', team_id: 'core' },
      ...{ max_budget: 25.5, budget_duration: '30d', models: ['gpt-4o'], rpm_limit: 60 },
      ...{ tpm_limit: null, blocked: null, expires: null, spend: 3.2 },
    },
    { token: 'b'.repeat(64), key_alias: 'odd', max_budget: 5, budget_duration: '45d' },
    { token: 'c'.repeat(64), key_alias: 'gone', blocked: true, max_budget: 5 },
    { token: 'd'.repeat(64), key_alias: 'free', models: ['all-proxy-models'] },
  ],
  total_count: 4,
};

it('makes keys with the limits that they had, once, and none without the budget that it had', async () => {
  const list = file('keys.json', JSON.stringify(litellmKeys));
  const secrets = join(house.folder, 'new-keys.jsonl');
  const log = file(
    'of-key.jsonl',
    `${JSON.stringify(spendLog('k1', { api_key: 'a'.repeat(64) }))}\n`,
  );
  const words = ['import', 'litellm', log, '--keys', list, '--customer', 'acme'];
  const dry = await house.run(words);
  expect([dry.code, dry.err]).toEqual([
    1,
    expect.stringContaining('2 new keys, 0 are here already'),
  ]);
  expect(dry.err).toContain('line 2: budget_duration: no window of ours is 45d; no key is made');
  type Of<T> = { data: T[] };
  const keys = async () =>
    (await house.api.get<Of<Record<string, unknown>>>('/v1/keys?customer_id=acme')).json.data;
  expect(await keys()).toEqual([]);

  const apply = [...words, '--apply', '--secrets', secrets];
  expect((await house.run(apply)).code).toBe(1);
  const made = await keys();
  expect(made.map(({ name, allowed_models }) => [name, allowed_models])).toEqual([
    ['free', null],
    ['backend', ['gpt-4o']],
  ]);
  const budgets = (await house.api.get<Of<Record<string, unknown>>>('/v1/budgets')).json.data;
  expect(budgets).toMatchObject([
    { scope: { type: 'key', id: made[1]?.['id'] }, limit: '25.500000000000', window: 'month' },
  ]);
  const written = readFileSync(secrets, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(written.map(({ name }) => name)).toEqual(['backend', 'free']);
  expect(written[0].secret).toMatch(/^tg_/);
  expect(statSync(secrets).mode & 0o777).toBe(0o600);

  // Again: nothing is made twice, and the calls of a key are those of the one that took its place.
  const again = await house.run(apply);
  expect([again.code, again.err]).toEqual([
    1,
    expect.stringContaining('0 new keys, 2 are here already'),
  ]);
  expect(again.out).toContain('of-key.jsonl');
  expect([(await keys()).length, readFileSync(secrets, 'utf8').split('\n').length]).toEqual([2, 3]);
  const limits = await house.api.get<Of<object>>('/v1/rate_limits');
  expect(limits.json.data).toMatchObject([{ measure: 'requests', limit: 60 }]);
  await shown('2026-11-10');
  const query = `start=2026-11-10&end=2026-11-11&history=true&key_id=${made[1]?.['id']}`;
  const { json } = await house.api.get<Of<Row>>(`/v1/usage?${query}`);
  expect(json.data).toMatchObject([{ events: 1 }]);
});

it('writes no secret into a file that others can read, and makes no key then (I12)', async () => {
  const list = file('more.json', JSON.stringify({ keys: [{ token: 'e'.repeat(64) }] }));
  const secrets = file('open.jsonl', '');
  chmodSync(secrets, 0o644);
  const words = ['import', 'litellm', '--keys', list, '--customer', 'acme', '--apply'];
  const { code, err } = await house.run([...words, '--secrets', secrets]);
  expect([code, err]).toEqual([2, expect.stringContaining('can be read by others')]);
  const printed = await house.run(words);
  expect([printed.code, printed.out]).toEqual([
    0,
    expect.stringMatching(/^e{16}\tkey_\w+\ttg_\w+\n$/),
  ]);
});
