import { describe, expect, it } from 'vitest';
import { evolveExport, type InvoiceExport } from './invoice-export.ts';
import { idempotencyKey, nextMove } from './next-step.ts';
import type { ExportEvent, ExportPolicy } from './payment-events.ts';
import type { ExportPlan } from './plan.ts';

const HOUR_MS = 3_600_000;
const START_MS = Date.parse('2026-12-01T00:00:00.000Z');
const PLAN: ExportPlan = {
  ...{ kind: 'invoice', total_minor: 1, rounding_minor: 0, lines: [], chunks: [] },
};

const at = (ms: number) => new Date(START_MS + ms).toISOString();

function started(attempt: number, generation: number, ms: number, runId = 'run_a'): ExportEvent {
  const named = { invoice_id: 'inv_1', step: 'customer' as const, chunk: 0, attempt, generation };
  return { type: 'ExportStepStarted', data: { ...named, run_id: runId, started_at: at(ms) } };
}

function renewed(attempt: number, runId: string, ms: number): ExportEvent {
  const data = { invoice_id: 'inv_1', attempt, run_id: runId, renewed_at: at(ms) };
  return { type: 'ExportStepRenewed', data };
}

function failed(attempt: number, newKey: boolean, ms: number): ExportEvent {
  const named = { invoice_id: 'inv_1', step: 'customer' as const, attempt, new_key: newKey };
  const times = { failed_at: at(ms), next_attempt_at: at(ms) };
  return { type: 'ExportStepFailed', data: { ...named, error: 'x', message: 'x', ...times } };
}

function stateAfter(...events: ExportEvent[]): InvoiceExport {
  const named = { invoice_id: 'inv_1', customer_id: 'cus_1', system: 'stripe' as const };
  const policy = { collection: 'send' } as ExportPolicy;
  const requested: ExportEvent = {
    type: 'ExportRequested',
    data: { ...named, policy, requested_at: at(0) },
  };
  return [requested, ...events].reduce<InvoiceExport | undefined>(
    (state, event) => evolveExport(state, event),
    undefined,
  ) as InvoiceExport;
}

function moveAfter(ms: number, runId: string, ...events: ExportEvent[]) {
  const facts = { nowMs: START_MS + ms, runId, claimMs: 120_000, keyMs: 23 * HOUR_MS };
  return nextMove(stateAfter(...events), PLAN, facts);
}

describe('the next step of an export', () => {
  it('waits for another process that has begun it, and takes it for dead after a while', () => {
    const begun = started(1, 1, 0, 'run_b');
    expect(moveAfter(119_999, 'run_a', begun)).toEqual({
      kind: 'wait',
      untilMs: START_MS + 120_000,
    });
    expect(moveAfter(120_000, 'run_a', begun)).toMatchObject({
      ...{ kind: 'do', attempt: 2, generation: 1, inDoubt: true },
    });
  });

  it('is its process’s for as long as that says so, and nobody’s after it has ended', () => {
    const begun = [started(1, 1, 0, 'run_b'), renewed(1, 'run_b', 100_000)];
    const untilMs = START_MS + 220_000;
    expect(moveAfter(219_999, 'run_a', ...begun)).toEqual({ kind: 'wait', untilMs });
    // What a process says late, of a step that has ended or is another's, holds nobody up.
    const ended = [started(1, 1, 0, 'run_b'), failed(1, false, 10), renewed(1, 'run_b', 20)];
    expect(moveAfter(30, 'run_a', ...ended)).toMatchObject({ kind: 'do', attempt: 2 });
    const taken = [...begun, started(2, 1, 300_000, 'run_c'), renewed(1, 'run_b', 400_000)];
    expect(moveAfter(420_000, 'run_a', ...taken)).toMatchObject({ kind: 'do', attempt: 3 });
  });

  it('repeats its key while nobody knows what became of it', () => {
    const events = [started(1, 1, 0), failed(1, false, 10)];
    expect(moveAfter(22 * HOUR_MS, 'run_a', ...events)).toMatchObject({ generation: 1 });
  });

  it('takes a new key when the old one was answered, or is forgotten after a day', () => {
    const answered = [started(1, 1, 0), failed(1, true, 10)];
    expect(moveAfter(20, 'run_a', ...answered)).toMatchObject({ generation: 2 });
    const forgotten = [started(1, 1, 0), failed(1, false, 10)];
    expect(moveAfter(23 * HOUR_MS, 'run_a', ...forgotten)).toMatchObject({ generation: 2 });
  });

  it('looks for what its very first try may have made, however many keys came after it', () => {
    const day = 24 * HOUR_MS;
    const events = [
      ...[started(1, 1, 0), failed(1, false, 10)],
      ...[started(2, 2, day), failed(2, false, day + 10)],
    ];
    expect(moveAfter(day + 20, 'run_a', ...events)).toMatchObject({
      ...{ generation: 2, inDoubt: true, firstAtMs: START_MS },
    });
  });

  it('is not put off by what an attempt says that another one has replaced', () => {
    const events = [started(1, 1, 0, 'run_b'), started(2, 1, 120_000), failed(1, true, 130_000)];
    expect(stateAfter(...events)).toMatchObject({ failure: null, generation: 1 });
  });

  it('has one name for one change', () => {
    expect(idempotencyKey('inv_1', { step: 'lines', chunk: 2, generation: 3 })).toBe(
      'tollgate:inv_1:lines.2:3',
    );
  });
});
