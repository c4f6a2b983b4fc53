/**
 * Generates an answer whose client has been answered already and may come back for it. It is charged
 * when it is over: in full, or for what was generated when it failed or was cancelled.
 */
import type { Attempt } from './attempt.ts';
import type { Job } from './dialect.ts';
import { failsMidway, type Generated } from './stream-answer.ts';

/** @param stopping the simulator ends: what runs is generated at once, and charged */
export async function generateUnattended(
  attempt: Attempt,
  job: Job,
  startMs: number,
  stopping: AbortSignal,
): Promise<void> {
  const { planned, knobs } = attempt;
  const { token_pace_ms: paceMs = 0, fault } = knobs;
  const whole = generatedBy(attempt, planned.reasoningTokens + planned.outputTokens);
  const failsAt = failsMidway(attempt);
  const end = failsAt === undefined ? whole : generatedBy(attempt, failsAt);
  await passed(startMs + paceMs * (end.reasoning + end.output), [job.cancelled, stopping]);
  if (job.cancelled.aborted) {
    const runMs = Math.max(0, performance.now() - startMs);
    const tokens = paceMs > 0 ? Math.floor(runMs / paceMs) : 0;
    const done = generatedBy(attempt, tokens);
    await charge(attempt, done, 'client_aborted');
    return job.end('cancelled', done);
  }
  const faulty = failsAt !== undefined || fault?.kind === 'usage_missing';
  await charge(attempt, end, faulty ? 'fault' : 'complete');
  job.end(failsAt === undefined ? 'completed' : 'failed', end);
}

/** The first `tokens` of the answer: reasoning comes before output. */
function generatedBy({ planned }: Attempt, tokens: number): Generated {
  const reasoning = Math.min(tokens, planned.reasoningTokens);
  return { reasoning, output: Math.min(tokens - reasoning, planned.outputTokens) };
}

function charge(
  attempt: Attempt,
  { reasoning: reasoningTokens, output: outputTokens }: Generated,
  outcome: 'complete' | 'fault' | 'client_aborted',
): Promise<void> {
  return attempt.charge({ ...attempt.planned, reasoningTokens, outputTokens }, outcome);
}

/** Resolves when `performance.now()` reaches `atMs`, or one of the signals aborts. */
async function passed(atMs: number, signals: readonly AbortSignal[]): Promise<void> {
  const waitMs = atMs - performance.now();
  if (waitMs <= 0 || signals.some(({ aborted }) => aborted)) return;
  await new Promise<void>((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, waitMs);
    for (const signal of signals) signal.addEventListener('abort', finish, { once: true });
  });
}
