/** Files of invoices, as people ask for them, from an API that is a function here. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runInProcess } from '../../testing/run-in-process.ts';

const URL_OF_API = 'http://tollgate.test';
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-files-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function run(words: readonly string[], answer: (url: URL) => Response) {
  const asked: string[] = [];
  const ran = await runInProcess(words, {
    environment: { TOLLGATE_API_URL: URL_OF_API, TOLLGATE_ADMIN_TOKEN: 't', HOME: folder },
    fetch: async (input) => {
      const url = new URL(String(input));
      asked.push(url.pathname + url.search);
      return answer(url);
    },
  });
  return { ...ran, asked };
}

const invoice = { id: 'inv_1', period_id: 'per_1' };
const answers = (url: URL) =>
  url.pathname === '/v1/invoices/inv_1' ? Response.json(invoice) : new Response('the file');

it.each([
  ['pdf', ['pdf', 'inv_1'], ['/v1/invoices/inv_1/document.pdf']],
  ['csv', ['export', 'inv_1'], ['/v1/invoices/inv_1/lines.csv']],
  [
    'focus',
    ['export', 'inv_1', '--format', 'focus', '--issuer', 'A B'],
    ['/v1/invoices/inv_1/focus.csv?issuer=A+B'],
  ],
  [
    'events',
    ['export', 'inv_1', '--format', 'events'],
    ['/v1/invoices/inv_1', '/v1/periods/per_1/events.csv'],
  ],
  [
    'parquet',
    ['export', 'inv_1', '--format', 'parquet'],
    ['/v1/invoices/inv_1', '/v1/periods/per_1/events.parquet'],
  ],
])('%s is written as it comes, and nothing else is', async (_, words, paths) => {
  const to = join(folder, 'out');
  const { code, asked, out } = await run(['invoices', ...words, '--to', to], answers);
  expect([code, asked, out]).toEqual([0, paths, `${to}\n`]);
  expect([readdirSync(folder), readFileSync(to, 'utf8')]).toEqual([['out'], 'the file']);
});

it('a file that breaks off halfway never has the name of a whole one', async () => {
  const to = join(folder, 'out');
  const halves = function* () {
    yield new TextEncoder().encode('half');
    throw new Error('gone');
  };
  const { code, err } = await run(
    ['invoices', 'export', 'inv_1', '--to', to],
    () => new Response(ReadableStream.from(halves())),
  );
  expect([code, err]).toEqual([2, `${to} was not written (gone).\n`]);
  expect([existsSync(to), readdirSync(folder)]).toEqual([false, []]);
});

it('what the API refuses is said, and no file is made', async () => {
  const refused = { code: 'invoice_not_numbered', detail: 'It has no number.' };
  const { code, err } = await run(['invoices', 'pdf', 'inv_1', '--to', join(folder, 'out')], () =>
    Response.json(refused, { status: 409 }),
  );
  expect([code, err, readdirSync(folder)]).toEqual([
    1,
    expect.stringContaining('It has no number. (invoice_not_numbered)'),
    [],
  ]);
});
