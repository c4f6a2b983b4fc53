/** The fold of `invoice_export-<invoice>`: how far an export is, and what is in its way. */

import type {
  ExportCredited,
  ExportCreditRequested,
  ExportDocument,
  ExportEvent,
  ExportFinalized,
  ExportMetersSent,
  ExportPolicy,
  ExportStep,
  ExportStepFailed,
  ExportStepStarted,
  MeterDifference,
  StopReason,
} from './payment-events.ts';
import { afterFinalizing, type PaymentState, withReport } from './payment-state.ts';

export type RunningStep = {
  step: ExportStep;
  chunk: number;
  attempt: number;
  runId: string;
  /** When its process said last that it has it, Unix ms. */
  claimedAtMs: number;
};

/** A credit note of the invoice, and what became of it there. */
export type ExportCredit = ExportCreditRequested['data'] & {
  /** Null: it is not there yet. */
  made: ExportCredited['data'] | null;
};

export type InvoiceExport = {
  invoiceId: string;
  customerId: string;
  system: 'stripe';
  policy: ExportPolicy;
  /** Null: the invoice had no number when its export was requested. */
  document: ExportDocument | null;
  requestedAtMs: number;
  /** The last step that was started and has neither ended nor failed. */
  running: RunningStep | null;
  /** Steps that were started, over the whole export. */
  attempts: number;
  /** Of the idempotency keys to come. */
  generation: number;
  /** Steps that were begun, by `stepName`: when first, and when with their present key, Unix ms. */
  firstAtMs: ReadonlyMap<string, number>;
  keyUsedAtMs: ReadonlyMap<string, number>;
  customer: string | null;
  draft: string | null;
  /** More drafts than one, of processes that were stopped for a day: never finalized. */
  strays: readonly string[];
  chunksAdded: number;
  verified: boolean;
  /** By part: events that went to meters, and what could not. */
  metered: ReadonlyMap<number, { events: number; differences: readonly MeterDifference[] }>;
  /** When a part was sent last, Unix ms; null: never. */
  meteredAtMs: number | null;
  /** Events were rejected: no event of it is taken for counted. */
  isRecheck: boolean;
  finalized: ExportFinalized['data'] | null;
  balance: { external_id: string; amount_minor: number } | null;
  failure: { count: number; error: string; message: string; nextAtMs: number } | null;
  stopped: { step: ExportStep; reason: StopReason; detail: string } | null;
  /** How it ended. */
  done: 'invoice' | 'balance' | 'skipped' | 'meters' | null;
  payment: PaymentState | null;
  /** In the order of their issue, in which they are made. */
  credits: readonly ExportCredit[];
};

export type ExportState = 'waiting' | 'failing' | 'stopped' | 'done';

/** Nothing is left to do: the invoice is there, and so are its credit notes. */
export function isSettled({ done, credits }: Pick<InvoiceExport, 'done' | 'credits'>): boolean {
  // seam: credits-follow-their-invoice
  return done !== null && credits.every(({ made }) => made !== null);
}

export function exportStateOf(state: InvoiceExport): ExportState {
  const { stopped, failure } = state;
  if (isSettled(state)) return 'done';
  if (stopped !== null) return 'stopped';
  return failure === null ? 'waiting' : 'failing';
}

/** Tells the steps of an export apart. */
export function stepName(step: ExportStep, chunk: number): string {
  const isOneOfSeveral = step === 'lines' || step === 'meters' || step === 'credit';
  return isOneOfSeveral ? `${step}.${chunk}` : step;
}

/** @param state undefined before the first event */
export function evolveExport(state: InvoiceExport | undefined, event: ExportEvent): InvoiceExport {
  if (event.type === 'ExportRequested') return state ?? requested(event.data);
  if (state === undefined) throw new Error(`${event.type} before ExportRequested`);
  switch (event.type) {
    case 'ExportStepStarted':
      return started(state, event.data);
    case 'ExportStepRenewed': {
      const { running } = state;
      const { attempt, run_id, renewed_at } = event.data;
      // seam: renewal-is-of-a-running-step
      if (running?.attempt !== attempt || running.runId !== run_id) return state;
      return { ...state, running: { ...running, claimedAtMs: Date.parse(renewed_at) } };
    }
    case 'ExportStepFailed':
      return failed(state, event.data);
    case 'ExportStopped': {
      const { step, reason, detail } = event.data;
      return { ...state, running: null, stopped: { step, reason, detail } };
    }
    case 'ExportResumed':
      return resumed(state);
    case 'ExportReopened':
      if (state.done !== 'meters') return state;
      return { ...state, running: null, done: null, chunksAdded: 0, isRecheck: true };
    case 'ExportCreditRequested': {
      const { credit_note_id: id } = event.data;
      if (state.credits.some((one) => one.credit_note_id === id)) return state;
      return { ...state, credits: [...state.credits, { ...event.data, made: null }] };
    }
    case 'PaymentReported':
      return { ...state, payment: withReport(state.payment, event.data) };
    default:
      return reached(state, event);
  }
}

function requested(data: {
  invoice_id: string;
  customer_id: string;
  system: 'stripe';
  policy: ExportPolicy;
  document?: ExportDocument;
  requested_at: string;
}): InvoiceExport {
  return {
    invoiceId: data.invoice_id,
    customerId: data.customer_id,
    system: data.system,
    policy: data.policy,
    document: data.document ?? null,
    requestedAtMs: Date.parse(data.requested_at),
    ...{ running: null, attempts: 0, generation: 1 },
    ...{ firstAtMs: new Map(), keyUsedAtMs: new Map() },
    ...{ customer: null, draft: null, strays: [], chunksAdded: 0, verified: false },
    ...{ metered: new Map(), meteredAtMs: null, isRecheck: false },
    ...{ finalized: null, balance: null, failure: null, stopped: null, done: null, payment: null },
    credits: [],
  };
}

function started(state: InvoiceExport, data: ExportStepStarted['data']): InvoiceExport {
  const { step, chunk, attempt, generation, run_id: runId } = data;
  const startedAtMs = Date.parse(data.started_at);
  const name = stepName(step, chunk);
  const isNewKey = generation > state.generation || !state.keyUsedAtMs.has(name);
  const isFirst = !state.firstAtMs.has(name);
  return {
    ...state,
    running: { step, chunk, attempt, runId, claimedAtMs: startedAtMs },
    attempts: Math.max(state.attempts, attempt),
    generation: Math.max(state.generation, generation),
    firstAtMs: isFirst ? new Map(state.firstAtMs).set(name, startedAtMs) : state.firstAtMs,
    keyUsedAtMs: isNewKey ? new Map(state.keyUsedAtMs).set(name, startedAtMs) : state.keyUsedAtMs,
  };
}

/** What an attempt says that another one has replaced is of no concern. */
function failed(state: InvoiceExport, data: ExportStepFailed['data']): InvoiceExport {
  const { running } = state;
  if (running?.attempt !== data.attempt) return state;
  const { error, message, next_attempt_at } = data;
  const count = (state.failure?.count ?? 0) + 1;
  const failure = { count, error, message, nextAtMs: Date.parse(next_attempt_at) };
  const next = { ...state, running: null, failure };
  if (!data.new_key) return next;
  const keyUsedAtMs = new Map(state.keyUsedAtMs);
  keyUsedAtMs.delete(stepName(running.step, running.chunk));
  return { ...next, keyUsedAtMs, generation: state.generation + 1 };
}

/** What was deleted there is made again; everything else goes on where it was, and is looked at again. */
function resumed(state: InvoiceExport): InvoiceExport {
  const begun = {
    ...{ ...state, stopped: null, failure: null, verified: false },
    ...{ generation: state.generation + 1, keyUsedAtMs: new Map<string, number>() },
  };
  if (state.stopped?.reason !== 'draft_gone') return begun;
  return { ...begun, draft: null, chunksAdded: 0 };
}

type Reached = Exclude<
  ExportEvent,
  {
    type:
      | 'ExportRequested'
      | 'ExportStepStarted'
      | 'ExportStepRenewed'
      | 'ExportStepFailed'
      | 'ExportStopped'
      | 'ExportResumed'
      | 'ExportReopened'
      | 'ExportCreditRequested'
      | 'PaymentReported';
  }
>;

/** A step that has come to its end, whichever process made it. */
function reached(state: InvoiceExport, event: Reached): InvoiceExport {
  const next = { ...state, running: null, failure: null };
  switch (event.type) {
    case 'ExportCustomerChosen':
      return { ...next, customer: state.customer ?? event.data.external_customer_id };
    case 'ExportDraftCreated': {
      const { external_id: id } = event.data;
      if (state.draft === null || state.draft === id) return { ...next, draft: id };
      return { ...next, strays: [...state.strays, id] };
    }
    case 'ExportLinesAdded':
      if (event.data.external_id !== state.draft) return state;
      return { ...next, chunksAdded: Math.max(state.chunksAdded, event.data.chunk + 1) };
    case 'ExportVerified':
      return event.data.external_id === state.draft ? { ...next, verified: true } : state;
    case 'ExportFinalized': {
      const { data } = event;
      const isDone = data.status !== 'open' || state.policy.collection === 'charge';
      const payment = state.payment ?? afterFinalizing(data);
      return { ...next, finalized: data, payment, done: isDone ? 'invoice' : state.done };
    }
    case 'ExportSent':
      return { ...next, done: 'invoice' };
    case 'ExportBalanceChanged': {
      const { external_id, amount_minor } = event.data;
      return { ...next, balance: { external_id, amount_minor }, done: 'balance' };
    }
    case 'ExportCredited': {
      const { data } = event;
      const credits = state.credits.map((one) =>
        one.credit_note_id === data.credit_note_id ? { ...one, made: data } : one,
      );
      return { ...next, credits };
    }
    case 'ExportSkipped':
      return { ...next, done: 'skipped' };
    case 'ExportMetersSent':
      return metersSent(next, event.data);
    default:
      return event satisfies never;
  }
}

function metersSent(state: InvoiceExport, data: ExportMetersSent['data']): InvoiceExport {
  const { chunk, events, differences, last } = data;
  return {
    ...state,
    chunksAdded: Math.max(state.chunksAdded, chunk + 1),
    metered: new Map(state.metered).set(chunk, { events, differences }),
    meteredAtMs: Date.parse(data.sent_at),
    done: last ? 'meters' : state.done,
    isRecheck: state.isRecheck && !last,
  };
}
