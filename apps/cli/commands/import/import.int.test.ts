/** `tollgate import` as people type it, against a real billing API. */
import { writeFileSync } from 'node:fs';
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
