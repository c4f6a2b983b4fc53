/** Guardrails for tests: each asks for what the test says, and for nothing else. */
import { destinations } from '@tollgate/adapters/webhooks/destinations.ts';
import { createVerdicts } from '@tollgate/adapters/webhooks/verdicts.ts';
import type { Guardrail, GuardrailWebhook } from '@tollgate/domain/guardrail/guardrail.ts';
import { Guardrails } from '../guardrails/guardrails.ts';
import { type ProxyLimits, proxyLimits } from '../limits.ts';

export const GUARD_SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

type Asked = Partial<Omit<Guardrail, 'require' | 'caps' | 'webhook'>> & {
  require?: Partial<Guardrail['require']>;
  caps?: Partial<Guardrail['caps']>;
  webhook?: Partial<GuardrailWebhook> | null;
};

export function guardrail({ require, caps, webhook, ...asked }: Asked = {}): Guardrail {
  return {
    name: 'house',
    scope: { customers: null, teams: null, keys: null, environments: null, tags: {} },
    deny: [],
    redact: [],
    ...asked,
    require: { headers: [], metadata: [], tags: [], endUser: false, ...require },
    caps: { requestBytes: null, outputTokens: null, ...caps },
    webhook: webhook == null ? null : { ...WEBHOOK, ...webhook },
  };
}

const WEBHOOK: GuardrailWebhook = {
  url: '',
  secret: GUARD_SECRET,
  onRequest: false,
  onAnswer: false,
  timeoutMs: 2_000,
  whenUnavailable: 'closed',
};

/** @param said what webhooks said, in order: `guardrail stage verdict` */
export function openGuardrails(
  guardrails: readonly Guardrail[],
  limits: Partial<ProxyLimits> = {},
  said: string[] = [],
): Guardrails {
  const verdicts = createVerdicts({
    destinations: destinations(['127.0.0.1']),
    timeoutMsMax: 5_000,
    answerBytesMax: 1_024,
    connectionsMax: 8,
  });
  return new Guardrails({
    guardrails,
    verdicts,
    limits: { ...proxyLimits, ...limits },
    onVerdict: (name, stage, verdict) =>
      said.push(`${name} ${stage} ${verdict.kind === 'none' ? verdict.error : verdict.kind}`),
  });
}
