/**
 * /v1/reconciliations: a provider's bill resolves attempts whose usage is unknown (docs/design.md,
 * Resolutions).
 */

import { reconciliationEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { ExpectedRevision } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import {
  eventsOfAttempts,
  type FoundAttempt,
} from '@tollgate/adapters/warehouse/queries/attempts.ts';
import { uuidTimeMs } from '@tollgate/domain/ids/ids.ts';
import type { ReconciliationImport } from '@tollgate/domain/reconciliation/reconciliation.ts';
import type {
  BillLine,
  ReconciliationEvent,
} from '@tollgate/domain/reconciliation/reconciliation-events.ts';
import { agrees, isRuled, resolvedAgrees } from '@tollgate/domain/reconciliation/resolution.ts';
import { isResolvable } from '@tollgate/domain/usage/usage-event.ts';
import { listOf, listQuery } from '@tollgate/schemas/http/list.ts';
import {
  reconciliationParams,
  reconciliationRequest,
  reconciliationResult,
  reconciliationView,
} from '@tollgate/schemas/http/reconciliation.ts';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import {
  contradictedEarlier,
  type NewBill,
  omittedEarlier,
} from '../../reconciliation/earlier-bills.ts';
import type { Entity } from '../../resources/entities.ts';

export const importBill = defineRoute({
  operationId: 'importReconciliation',
  method: 'POST',
  path: '/v1/reconciliations',
  tag: 'Reconciliation',
  summary: 'Import a provider’s bill by attempt',
  description:
    'Every attempt in the range whose usage is unknown or estimated is resolved by its line; an ' +
    'attempt without a line is resolved to zero. At both ends, the bill must reach beyond the ' +
    'range by the longest call plus the clock skew.',
  body: reconciliationRequest,
  status: 201,
  response: reconciliationResult,
  errors: [
    'bill_range_too_short',
    'bill_range_not_past',
    'attempt_outside_bill',
    'duplicate_attempt',
    'already_resolved',
    'ledger_unavailable',
  ],
  async handler({ body, newId, timeMs }, context) {
    const marginMs = context.limits.reconciliationMarginMs;
    const [start, end, billStart, billEnd] = [
      body.start,
      body.end,
      body.bill_start,
      body.bill_end,
    ].map((text) => Date.parse(text)) as [number, number, number, number];
    if (start > end || billStart > start - marginMs || billEnd < end + marginMs) {
      throw new ApiProblem('bill_range_too_short');
    }
    if (end > timeMs + context.limits.ingestAheadMaxMs) throw new ApiProblem('bill_range_not_past');
    const ids = body.lines.map((line) => line.attempt_id);
    const seen = new Set<string>();
    const twice = ids.find((id) => seen.size === seen.add(id).size);
    if (twice !== undefined) throw new ApiProblem('duplicate_attempt', { detail: twice });
    const found = await eventsOfAttempts(context.warehouse, ids);
    const isFar = (id: string) => {
      const attemptMs = timeOf(id, found);
      return attemptMs < start - marginMs || attemptMs >= end + marginMs;
    };
    const far = ids.find(isFar);
    if (far !== undefined) throw new ApiProblem('attempt_outside_bill', { detail: far });
    const accepted = {
      import_id: newId('rec'),
      provider: body.provider,
      start: body.start,
      end: body.end,
      lines: body.lines.length,
      chunks: Math.ceil(body.lines.length / context.limits.reconciliationChunkLines),
    };
    await context.importLock.hold(async () => {
      await refuseOtherFigures(context, body, found);
      const bill = { provider: body.provider, startMs: start, endMs: end, ids: seen };
      await refuseOmissions(context, bill);
      await storeImport(context, accepted, body.lines);
    });
    const { import_id: id, chunks: _, ...rest } = accepted;
    const created_at = new Date(timeMs).toISOString();
    return {
      object: 'reconciliation' as const,
      id,
      ...rest,
      ruling: null,
      created_at,
      ...compare(body.lines, found, context),
    };
  },
});

/**
 * To be called under the import lock, so that it sees every import before this one.
 *
 * @throws ApiProblem already_resolved
 */
async function refuseOtherFigures(
  context: ApiContext,
  { provider, lines }: { provider: string; lines: readonly BillLine[] },
  found: ReadonlyMap<string, FoundAttempt>,
): Promise<void> {
  const contradicted = lines.find((line) => contradicts(found.get(line.attempt_id), line));
  const waiting = lines.flatMap((line) => {
    const event = found.get(line.attempt_id);
    if (event !== undefined && (event.resolution !== null || !isResolvable(event.event))) return [];
    return [{ line, timeMs: timeOf(line.attempt_id, found) }];
  });
  const detail =
    contradicted?.attempt_id ?? (await contradictedEarlier(context, provider, waiting));
  if (detail !== undefined) throw new ApiProblem('already_resolved', { detail });
}

function timeOf(attemptId: string, found: ReadonlyMap<string, FoundAttempt>): number {
  const event = found.get(attemptId)?.event;
  return event === undefined ? uuidTimeMs(attemptId) : Date.parse(event.time);
}

/**
 * @throws ApiProblem already_resolved if an earlier bill names an attempt that this one leaves out
 */
async function refuseOmissions(context: ApiContext, bill: NewBill): Promise<void> {
  const omitted = await omittedEarlier(context, bill);
  if (omitted.length === 0) return;
  const found = await eventsOfAttempts(context.warehouse, omitted);
  const isOpen = (attempt: FoundAttempt | undefined) =>
    attempt === undefined || (attempt.resolution === null && isResolvable(attempt.event));
  const detail = omitted.find((id) => isOpen(found.get(id)));
  if (detail !== undefined) throw new ApiProblem('already_resolved', { detail });
}

/** Whether the line states other figures than those that its attempt was resolved with (409). */
function contradicts(found: FoundAttempt | undefined, line: BillLine): boolean {
  if (found === undefined || found.resolution === null) return false;
  // What an operator has ruled holds, and does not make a bill wrong: the answer lists it.
  if (isRuled(found.resolution)) return false;
  return !resolvedAgrees(found.event, found.resolution, line);
}

function compare(
  lines: readonly BillLine[],
  found: ReadonlyMap<string, FoundAttempt>,
  context: ApiContext,
) {
  let agreed = 0;
  let resolvable = 0;
  const differing: string[] = [];
  for (const line of lines) {
    const attempt = found.get(line.attempt_id);
    if (attempt === undefined) continue;
    const { event, resolution } = attempt;
    if (resolution !== null) {
      // With other figures than a bill's resolution, the line would have been refused before.
      if (resolvedAgrees(event, resolution, line)) agreed++;
      else differing.push(line.attempt_id);
    } else if (isResolvable(event)) resolvable++;
    else if (agrees(event, line)) agreed++;
    else differing.push(line.attempt_id);
  }
  return {
    matched: found.size,
    agreed,
    differing: differing.slice(0, context.limits.reconciliationDifferencesMax),
    resolvable,
    pending: lines.length - found.size,
  };
}

/** Appends chunk by chunk, then the acceptance: an import without an acceptance never happened. */
export async function storeImport(
  context: ApiContext,
  accepted: ReconciliationImport,
  lines: readonly BillLine[],
): Promise<void> {
  const { import_id, chunks } = accepted;
  const stream = reconciliationEvents.of(import_id);
  const size = context.limits.reconciliationChunkLines;
  const events: ReconciliationEvent[] = Array.from({ length: chunks }, (_, chunk) => ({
    type: 'ReconciliationLines',
    data: { import_id, chunk, lines: lines.slice(chunk * size, (chunk + 1) * size) },
  }));
  events.push({ type: 'ReconciliationAccepted', data: accepted });
  let expected: ExpectedRevision = 'no_stream';
  for (const [index, event] of events.entries()) {
    const chunk = newLedgerEvent(stream, event, String(index));
    const result = await context.ledger.append(stream, expected, [chunk]);
    if (!result.ok) throw new ApiProblem('concurrent_change');
    expected = result.revision;
  }
  if (expected === 'no_stream') return;
  await context.directory.sees(stream, expected, context.limits.readYourWritesMs);
}

export const listReconciliations = defineRoute({
  operationId: 'listReconciliations',
  method: 'GET',
  path: '/v1/reconciliations',
  tag: 'Reconciliation',
  summary: 'List imports, newest first',
  query: listQuery,
  status: 200,
  response: listOf(reconciliationView),
  errors: ['cursor_unknown'],
  handler: async ({ query }, { directory }) =>
    pageOf(directory.imports.all(), query, ({ state }) => state.import_id, view),
});

export const getReconciliation = defineRoute({
  operationId: 'getReconciliation',
  method: 'GET',
  path: '/v1/reconciliations/{import_id}',
  tag: 'Reconciliation',
  summary: 'Retrieve an import',
  params: reconciliationParams,
  status: 200,
  response: reconciliationView,
  errors: ['reconciliation_not_found'],
  async handler({ params }, { directory }) {
    const found = directory.imports.get(params.import_id);
    if (found === undefined) throw new ApiProblem('reconciliation_not_found');
    return view(found);
  },
});

function view({ state, createdAtMs }: Entity<ReconciliationImport>) {
  const { import_id, chunks: _, ruling, ...rest } = state;
  return {
    object: 'reconciliation' as const,
    id: import_id,
    ...rest,
    ruling: ruling ?? null,
    created_at: new Date(createdAtMs).toISOString(),
  };
}
