/** What `tollgate invoices credit` asks for: lines as people count them, amounts in the invoice's currency. */
import { describe, expect, it } from 'vitest';
import { runInProcess, wordsOf } from '../../testing/run-in-process.ts';
import { creditNote, invoice } from '../fixtures/answers.ts';

async function asked(words: string, currency = 'EUR') {
  let body: unknown = null;
  const { code, out, err } = await runInProcess(wordsOf(`invoices credit inv_1 ${words}`), {
    fetch: (async (_url: string, init: RequestInit = {}) => {
      if (init.method === 'GET') return Response.json({ ...invoice, currency });
      body = JSON.parse(String(init.body));
      return Response.json(creditNote, { status: 201 });
    }) as typeof fetch,
    environment: {
      ...{ TOLLGATE_API_URL: 'http://127.0.0.1:8788', TOLLGATE_ADMIN_TOKEN: 'tgadm_x' },
      HOME: '/nowhere',
    },
  });
  return { code, body, out, err };
}

describe('invoices credit', () => {
  it.each([
    ['--whole', { whole: true }],
    ['--void', { void: true }],
    ['--amount 5', { amount_minor: 500 }],
    ['--amount €5.25', { amount_minor: 525 }],
    ['--line 2', { lines: [{ line: 1 }] }],
    ['--line 1 --line 2', { lines: [{ line: 0 }, { line: 1 }] }],
    ['--line 2 --amount 0.07', { lines: [{ line: 1, amount_minor: 7 }] }],
  ])('%s', async (words, body) => {
    const { code, out, ...rest } = await asked(words);
    expect([code, rest.body, out]).toEqual([0, { ...body, reason: 'other' }, 'CN-2026-000001\n']);
    expect(rest.err).toContain('5.95 EUR with 0.95 EUR tax credited.');
  });

  it.each([
    ['', 'Say what is credited'],
    ['--whole --amount 5', 'Say what is credited'],
    ['--amount 5.001', 'EUR has 2 decimals'],
    ['--amount $5', '$5'],
    ['--amount 0', 'there is nothing to credit'],
    ['--line 0', 'the first line is 1'],
    ['--line 1 --line 2 --amount 5', 'say it with one --line'],
  ])('refuses what nobody means: %s', async (words, why) => {
    const { code, body, err } = await asked(words);
    expect([code, body, err]).toEqual([2, null, expect.stringContaining(why)]);
  });

  it('takes yen without decimals', async () => {
    expect((await asked('--amount 500', 'JPY')).body).toMatchObject({ amount_minor: 500 });
  });
});
