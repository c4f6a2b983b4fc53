/** `tollgate reconcile` as people type it, against a real billing API. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CliHouse, openCliHouse } from '../../testing/cli-house.ts';

let house: CliHouse;
beforeAll(async () => {
  house = await openCliHouse();
});
afterAll(() => house.close());

const HEADER = 'start_time,end_time,num_model_requests,api_key_id,model,input_tokens,output_tokens';
const START = Date.parse('2026-11-14T00:00:00Z') / 1000;
const line = (key: string, calls: number, input: number) =>
  `${START},${START + 86_400},${calls},${key},gpt-4o,${input},0`;

function file(name: string, text: string): string {
  const path = join(house.folder, name);
  writeFileSync(path, text);
  return path;
}

it('says in one line why an export differs, and ends with 1 if something stays unexplained', async () => {
  const path = file('usage.csv', `${HEADER}\n${line('script', 1, 11)}\nbroken\n`);
  const words = ['reconcile', path, '--own', 'api_key:ours', '--dry-run'];
  const { code, out, err } = await house.run(words);
  expect(out.split('\n')[0]).toBe(
    'Theirs 11 tokens, ours 0: calls that never passed the gateway +11 tokens; unexplained 0 tokens.',
  );
  expect([code, err]).toEqual([0, expect.stringContaining('line 3: 1 cells under 7 columns')]);
  // More tokens in no call at all are of nobody.
  const odd = file('odd.csv', `${HEADER}\n${line('ours', 0, 7)}\n`);
  expect((await house.run(['reconcile', odd, '--json'])).code).toBe(1);
});

it('sends a file that is too large for a request as its sums, and the report is the same', async () => {
  // A column that nobody reads makes it large.
  const note = 'x'.repeat(4_000);
  const many = Array.from({ length: 900 }, () => `${line('script', 1, 3)},${note}`).join('\n');
  const { code, out, err } = await house.run([
    ...['reconcile', file('large.csv', `${HEADER},note\n${many}\n`), '--dry-run', '--json'],
  ]);
  expect([code, err]).toEqual([0, expect.stringContaining('large.csv is sent as its sums')]);
  const { source, report } = JSON.parse(out);
  expect([source, report.buckets[0].theirs]).toEqual(['openai_usage_csv', 2_700]);
});

it('a file that is no export is refused before anything is asked', async () => {
  house.requests.length = 0;
  const { code, err } = await house.run(['reconcile', file('x.csv', 'name,colour\na,red\n')]);
  expect([code, err]).toEqual([2, expect.stringContaining('x.csv: this is no export')]);
  expect(house.requests).toEqual([]);
});

it('asks no admin API without a key for it and a range of days', async () => {
  const days = ['--first-day', '2026-11-01', '--last-day', '2026-11-30'];
  const keyless = await house.run(['reconcile', '--fetch', 'openai', ...days]);
  expect([keyless.code, keyless.err]).toEqual([2, expect.stringContaining('set OPENAI_ADMIN_KEY')]);
  const dayless = await house.run(['reconcile', '--fetch', 'openai']);
  expect([dayless.code, dayless.err]).toEqual([2, expect.stringContaining('needs --first-day')]);
});
