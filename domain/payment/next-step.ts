/**
 * What an export does next. Every step follows from the events alone, so a process that takes over, at
 * any point, goes on where the last one was; a step may be made twice, and has one effect: by its
 * idempotency key, and because what is there already is looked for first.
 */
import type { InvoiceExport } from './invoice-export.ts';
import { isSettled, stepName } from './invoice-export.ts';
import type { ExportStep, StopReason } from './payment-events.ts';
import type { ExportPlan } from './plan.ts';

export type ExportMove =
  | {
      kind: 'do';
      step: ExportStep;
      chunk: number;
      attempt: number;
      generation: number;
      /** It was begun before, and nobody knows how that ended: what it made is looked for first. */
      inDoubt: boolean;
      /** When it was begun first, Unix ms; null: never. */
      firstAtMs: number | null;
    }
  | { kind: 'skip' }
  | { kind: 'refuse'; reason: StopReason; detail: string }
  | { kind: 'wait'; untilMs: number }
  | { kind: 'stopped' }
  | { kind: 'done' };

export type ExportFacts = {
  nowMs: number;
  /** The run that asks: its own claim does not hold it up. */
  runId: string;
  /** How long a step counts as running after its process last said so, ms. */
  claimMs: number;
  /** How long the system keeps what it answered under a key, ms, with a margin. */
  keyMs: number;
};

export function nextMove(state: InvoiceExport, plan: ExportPlan, facts: ExportFacts): ExportMove {
  if (isSettled(state)) return { kind: 'done' };
  if (state.stopped !== null) return { kind: 'stopped' };
  const { running, failure } = state;
  // seam: export-step-is-a-claim
  if (running !== null && running.runId !== facts.runId) {
    const untilMs = running.claimedAtMs + facts.claimMs;
    if (facts.nowMs < untilMs) return { kind: 'wait', untilMs };
  }
  if (failure !== null && facts.nowMs < failure.nextAtMs) {
    return { kind: 'wait', untilMs: failure.nextAtMs };
  }
  if (state.done === null) {
    if (plan.kind === 'skip') return { kind: 'skip' };
    if (plan.kind === 'refused')
      return { kind: 'refuse', reason: plan.reason, detail: plan.detail };
  }
  const { step, chunk } = stepOf(state, plan);
  const name = stepName(step, chunk);
  const firstAtMs = state.firstAtMs.get(name) ?? null;
  const keyUsedAtMs = state.keyUsedAtMs.get(name) ?? null;
  const expired = keyUsedAtMs !== null && facts.nowMs - keyUsedAtMs >= facts.keyMs;
  return {
    ...{ kind: 'do', step, chunk, firstAtMs },
    attempt: state.attempts + 1,
    generation: state.generation + (expired ? 1 : 0),
    inDoubt: firstAtMs !== null,
  };
}

function stepOf(state: InvoiceExport, plan: ExportPlan): { step: ExportStep; chunk: number } {
  if (state.done !== null) {
    return { step: 'credit', chunk: state.credits.findIndex(({ made }) => made === null) };
  }
  if (state.customer === null) return { step: 'customer', chunk: 0 };
  if (plan.kind === 'meters') return { step: 'meters', chunk: state.chunksAdded };
  if (plan.kind === 'balance') return { step: 'balance', chunk: 0 };
  if (state.finalized !== null) return { step: 'send', chunk: 0 };
  if (state.draft === null) return { step: 'draft', chunk: 0 };
  const chunks = plan.kind === 'invoice' ? plan.chunks.length : 0;
  if (state.chunksAdded < chunks) return { step: 'lines', chunk: state.chunksAdded };
  // seam: verified-before-finalized
  return { step: state.verified ? 'finalize' : 'verify', chunk: 0 };
}

/** Names one change to the payment system: the same name is the same change. */
export function idempotencyKey(
  invoiceId: string,
  { step, chunk, generation }: { step: ExportStep; chunk: number; generation: number },
): string {
  return `tollgate:${invoiceId}:${stepName(step, chunk)}:${generation}`;
}
