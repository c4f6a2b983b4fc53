/**
 * /v1/reconciliations/totals: a provider's own totals against our events, and what explains the
 * difference (docs/reconcile.md). Nothing of it changes what was metered or billed.
 */

import { factsOf } from '@tollgate/adapters/bills/all-sources.ts';
import { BillError } from '@tollgate/adapters/bills/bill-collector.ts';
import { mergeBills } from '@tollgate/adapters/bills/merge-bills.ts';
import { type DigestedBill, readBillText } from '@tollgate/adapters/bills/read-bill.ts';
import type {
  TotalsComparison,
  TotalsFile,
} from '@tollgate/domain/reconciliation/totals/totals-events.ts';
import { verdictOf } from '@tollgate/domain/reconciliation/totals/verdict.ts';
import { listOf, listQuery } from '@tollgate/schemas/http/list.ts';
import {
  totalsParams,
  totalsRequest,
  totalsResult,
  totalsView,
} from '@tollgate/schemas/http/provider-totals.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { reportOf, type TotalsQuestion } from '../../reconciliation/compare-totals.ts';
import {
  attoOf18,
  decimal18,
  storedRows,
  storeTotals,
} from '../../reconciliation/stored-totals.ts';
import { reportView } from './totals-view.ts';

type Request = z.output<typeof totalsRequest>;

export const compareProviderTotals = defineRoute({
  operationId: 'compareProviderTotals',
  method: 'POST',
  path: '/v1/reconciliations/totals',
  tag: 'Reconciliation',
  summary: 'Compare a provider’s usage or cost export with what was metered',
  description:
    'Takes exports of OpenAI, Anthropic, Google Cloud, AWS, OpenRouter and LiteLLM as they are, told ' +
    'apart by their content, and our own form of totals. The answer says by day, model and bucket what ' +
    'explains the difference, and what nothing explains. It changes nothing that was metered.',
  body: totalsRequest,
  status: 201,
  response: totalsResult,
  errors: ['bill_unreadable', 'totals_range_too_long', 'ledger_unavailable'],
  async handler({ body, newId, timeMs }, context) {
    const { bills, question } = readRequest(body, context.limits.totalsDaysMax);
    const comparison = await reportOf(question, storesOf(context));
    const chunks = Math.ceil(question.totals.rows.length / context.limits.totalsChunkRows);
    const compared: TotalsComparison = {
      ...{ totals_id: newId('tot'), providers: [...question.providers] },
      ...{ source: question.totals.facts.name, files: bills.map(fileView) },
      ...{ first_day: question.firstDay, last_day: question.lastDay },
      ...{ attributed_by: question.attributedBy, own_identities: body.own_identities },
      ...{ models: body.models, rows: question.totals.rows.length, chunks },
      rounding: roundingText(question.totals.roundingAtto),
      verdict: verdictOf(comparison),
    };
    if (!body.dry_run) await storeTotals(context, compared, question.totals.rows);
    const view = viewOf(compared, timeMs);
    const id = body.dry_run ? null : view.id;
    return { ...view, id, report: reportView(comparison, context.limits.totalsCellsAnsweredMax) };
  },
});

function readRequest(body: Request, daysMax: number) {
  const { bills, merged } = refusing(() => {
    const read = body.files.map(({ name, content }) => ({ name, bill: readBillText(content) }));
    return { bills: read, merged: mergeBills(read.map(({ bill }) => bill)) };
  });
  const question: TotalsQuestion = {
    totals: merged.totals,
    providers: body.providers ?? [merged.totals.facts.provider],
    firstDay: body.first_day ?? merged.firstDay,
    lastDay: body.last_day ?? merged.lastDay,
    attributedBy: body.attributed_by ?? null,
    ...{ ownIdentities: body.own_identities, models: body.models },
  };
  const { firstDay, lastDay } = question;
  const days = Temporal.PlainDate.from(firstDay).until(Temporal.PlainDate.from(lastDay)).days + 1;
  if (days < 1 || days > daysMax) throw new ApiProblem('totals_range_too_long');
  return { bills, question };
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof BillError)) throw error;
    throw new ApiProblem('bill_unreadable', { detail: error.message });
  }
}

function fileView({ name, bill }: { name: string; bill: DigestedBill }): TotalsFile {
  return {
    ...{ name, source: bill.facts.name, sha256: bill.sha256, bytes: bill.bytes },
    ...{ records: bill.records, problems_count: bill.problemsCount, problems: [...bill.problems] },
    ...{ skipped: [...bill.skipped], columns_not_read: [...bill.columnsNotRead] },
  };
}

function storesOf({ warehouse, directory, limits }: ApiContext) {
  return { warehouse, prices: directory.prices, marginMs: limits.reconciliationMarginMs };
}

const roundingText = (atto: bigint | null) => (atto === null ? null : decimal18(atto));

function viewOf(compared: TotalsComparison, createdAtMs: number): z.input<typeof totalsView> {
  const { totals_id, attributed_by: _, rounding: __, rows: ___, chunks: ____, ...rest } = compared;
  return {
    object: 'provider_totals',
    ...{ id: totals_id, ...rest, time_zone: factsOf(compared.source).timeZone },
    created_at: new Date(createdAtMs).toISOString(),
  };
}

export const listProviderTotals = defineRoute({
  operationId: 'listProviderTotals',
  method: 'GET',
  path: '/v1/reconciliations/totals',
  tag: 'Reconciliation',
  summary: 'List comparisons with providers’ totals, newest first',
  query: listQuery,
  status: 200,
  response: listOf(totalsView),
  errors: ['cursor_unknown'],
  handler: async ({ query }, { directory }) =>
    pageOf(
      directory.totals.all(),
      query,
      ({ state }) => state.totals_id,
      ({ state, createdAtMs }) => viewOf(state, createdAtMs),
    ),
});

export const getProviderTotals = defineRoute({
  operationId: 'getProviderTotals',
  method: 'GET',
  path: '/v1/reconciliations/totals/{totals_id}',
  tag: 'Reconciliation',
  summary: 'Retrieve a comparison, worked out with what is known now',
  description:
    'The provider’s side is as it was sent; ours has what was resolved since. So the same comparison ' +
    'says more after an import has resolved unknown attempts.',
  params: totalsParams,
  status: 200,
  response: totalsResult,
  errors: ['provider_totals_not_found'],
  async handler({ params }, context) {
    const found = context.directory.totals.get(params.totals_id);
    if (found === undefined) throw new ApiProblem('provider_totals_not_found');
    const { state, createdAtMs } = found;
    const comparison = await reportOf(await questionOf(state, context), storesOf(context));
    const report = reportView(comparison, context.limits.totalsCellsMax);
    return { ...viewOf(state, createdAtMs), verdict: verdictOf(comparison), report };
  },
});

async function questionOf(state: TotalsComparison, context: ApiContext): Promise<TotalsQuestion> {
  const { rounding } = state;
  return {
    totals: {
      facts: factsOf(state.source),
      rows: await storedRows(context, state.totals_id),
      roundingAtto: rounding === null ? null : attoOf18(rounding),
    },
    ...{ providers: state.providers, firstDay: state.first_day, lastDay: state.last_day },
    ...{ attributedBy: state.attributed_by, ownIdentities: state.own_identities },
    models: state.models,
  };
}
