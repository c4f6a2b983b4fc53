/** What is told to operators of the questions that guardrails ask: counts, and why there was no answer. */
import type { Verdict, Verdicts } from '@tollgate/adapters/webhooks/verdicts.ts';
import type { Guardrail } from '@tollgate/domain/guardrail/guardrail.ts';
import type { ProxyLimits } from '../limits.ts';
import type { ProxyMetrics } from '../metrics/metrics.ts';
import type { GuardrailStage } from './call-guard.ts';
import { Guardrails } from './guardrails.ts';

export type ConfiguredGuardrails = { guardrails: readonly Guardrail[]; verdicts: Verdicts };

/** @returns undefined: there are none */
export function startGuardrails(
  configured: ConfiguredGuardrails | undefined,
  metrics: Pick<ProxyMetrics, 'judged'>,
  logger: Logger,
  limits: ProxyLimits,
): Guardrails | undefined {
  if (configured === undefined) return undefined;
  const onVerdict = verdictLog(metrics, logger, limits);
  return new Guardrails({ ...configured, limits, onVerdict });
}

type Logger = { warn(fields: object, message: string): void };

/** A webhook that is away is a line in the log for each cause, and then one a minute. */
function verdictLog(
  metrics: Pick<ProxyMetrics, 'judged'>,
  logger: Logger,
  limits: Pick<ProxyLimits, 'failureWindowMs'>,
) {
  const saidAtMs = new Map<string, number>();
  return (guardrail: string, stage: GuardrailStage, verdict: Verdict): void => {
    const said = verdict.kind === 'none' ? verdict.error : verdict.kind;
    metrics.judged(guardrail, stage, said);
    if (verdict.kind !== 'none') return;
    const cause = `${guardrail} ${stage} ${said}`;
    const nowMs = performance.now();
    if (nowMs - (saidAtMs.get(cause) ?? -Infinity) < limits.failureWindowMs) return;
    saidAtMs.set(cause, nowMs);
    logger.warn({ guardrail, stage, error: said }, 'a guardrail did not say; its policy decides');
  };
}
