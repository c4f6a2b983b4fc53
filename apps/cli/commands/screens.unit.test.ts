/**
 * What people see, at 80 and at 140 columns: `fixtures/screens/`. The answers of the API are made by its own
 * schemas. `npx vitest run --project=unit apps/cli/commands/screens -u` writes the screens again.
 */
import { creditNoteView } from '@tollgate/schemas/billing/credit-notes.ts';
import { budgetDetail } from '@tollgate/schemas/http/budget-detail.ts';
import { callWhy } from '@tollgate/schemas/http/call-why.ts';
import { callView } from '@tollgate/schemas/http/calls.ts';
import { rateLimitView } from '@tollgate/schemas/http/rate-limits.ts';
import { budgetView, keyView } from '@tollgate/schemas/http/resources.ts';
import { routeExplanation } from '@tollgate/schemas/http/route-explanation.ts';
import { usageRow } from '@tollgate/schemas/http/usage.ts';
import { describe, expect, it } from 'vitest';
import { widthOf } from '../output/width.ts';
import { runInProcess, wordsOf } from '../testing/run-in-process.ts';
import * as answers from './fixtures/answers.ts';

const NOW_MS = Date.parse('2026-11-30T21:00:00Z');

const list = (data: object[]) => ({ object: 'list', data, has_more: false });

/** By the path, and for usage by the window. */
const PAGES: Readonly<Record<string, object>> = {
  '/v1/keys': list(answers.keys.map((one) => keyView.parse(one))),
  '/v1/keys/key_1': keyView.parse(answers.keys[0]),
  '/v1/budgets': list(answers.budgets.map((one) => budgetView.parse(one))),
  '/v1/budgets/bud_1': budgetDetail.parse(answers.detail),
  '/v1/rate_limits': list(answers.limits.map((one) => rateLimitView.parse(one))),
  '/v1/usage total': list(answers.usage.map((one) => usageRow.parse(one))),
  '/v1/usage day': list(answers.usageByDay.map((one) => usageRow.parse(one))),
  '/v1/calls': list(answers.calls.map((one) => callView.parse(one))),
  '/v1/calls/c1/why': callWhy.parse(answers.refused),
  '/v1/calls/c2/why': callWhy.parse(answers.charged),
  '/v1/invoices/inv_1': answers.invoice,
  '/v1/credit_notes': list([creditNoteView.parse(answers.creditNote)]),
  '/v1/periods': list(answers.periods),
  '/v1/routes/explain': routeExplanation.parse(answers.explanation),
};

const send = (async (input: string) => {
  const url = new URL(input);
  const window = url.searchParams.get('window');
  const page = PAGES[window === null ? url.pathname : `${url.pathname} ${window}`];
  if (page !== undefined) return Response.json(page);
  return Response.json({ code: 'not_found', title: 'There is none' }, { status: 404 });
}) as typeof fetch;

const screen = (line: string, width: number) =>
  runInProcess(wordsOf(line).slice(1), {
    ...{ width, fetch: send, clock: () => NOW_MS },
    environment: {
      ...{ TOLLGATE_API_URL: 'http://127.0.0.1:8788', TOLLGATE_ADMIN_TOKEN: 'tgadm_x' },
      ...{ TOLLGATE_PROXY_URL: 'http://127.0.0.1:8787', TOLLGATE_KEY: 'tg_x', TZ: 'Europe/Berlin' },
      HOME: '/nowhere',
    },
  });

const LINES: Readonly<Record<string, string>> = {
  'keys-list': 'tollgate keys list',
  'keys-show': 'tollgate keys show key_1',
  'budgets-list': 'tollgate budgets list',
  'budgets-show': 'tollgate budgets show bud_1',
  'limits-list': 'tollgate limits list',
  usage: 'tollgate usage --by model',
  'usage-by-day': 'tollgate usage --in 2026-11 --window day',
  top: 'tollgate top --by model --once',
  'calls-list': 'tollgate calls list',
  'calls-why-refused': 'tollgate calls why c1',
  'calls-why-charged': 'tollgate calls why c2',
  'invoices-show': 'tollgate invoices show inv_1',
  'invoices-credits': 'tollgate invoices credits',
  'periods-list': 'tollgate periods list',
  'routes-explain': 'tollgate routes explain smart',
  help: 'tollgate --help',
  'usage-help': 'tollgate usage --help',
};

describe.each([80, 140])('at %i columns', (width) => {
  it.each(Object.entries(LINES))('%s', async (name, line) => {
    const { out, err } = await screen(line, width);
    await expect(`$ ${line}\n${out}${err}`).toMatchFileSnapshot(
      `fixtures/screens/${name}.${width}.txt`,
    );
    const widest = Math.max(...out.split('\n').map(widthOf));
    expect(widest).toBeLessThanOrEqual(width);
  });
});
