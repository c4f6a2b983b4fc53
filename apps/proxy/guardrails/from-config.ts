/** The guardrails of this installation, made from `tollgate.yaml`. */
import { checkGuardrails } from '@tollgate/adapters/config/check-guardrails.ts';
import { resolveSecret } from '@tollgate/adapters/config/load-config.ts';
import { destinations } from '@tollgate/adapters/webhooks/destinations.ts';
import { createVerdicts } from '@tollgate/adapters/webhooks/verdicts.ts';
import type { Guardrail, NamedPattern } from '@tollgate/domain/guardrail/guardrail.ts';
import type { GuardrailConfig } from '@tollgate/schemas/config/guardrails-config.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import type { ProxyLimits } from '../limits.ts';
import type { ConfiguredGuardrails } from './verdict-log.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * @returns undefined: there are none
 * @throws ConfigError naming what they cannot do
 */
export function guardrailsFromConfig(
  config: Pick<TollgateConfig, 'guardrails' | 'webhooks'>,
  limits: ProxyLimits,
  environment: Environment,
): ConfiguredGuardrails | undefined {
  const given = Object.entries(config.guardrails);
  if (given.length === 0) return undefined;
  checkGuardrails(config, environment);
  const guardrails = given.map(([name, entry]) => guardrailOf(name, entry, environment));
  const timeoutMsMax = Math.max(0, ...guardrails.map(({ webhook }) => webhook?.timeoutMs ?? 0));
  const verdicts = createVerdicts({
    destinations: destinations(config.webhooks.allow),
    timeoutMsMax,
    answerBytesMax: limits.guardrailAnswerBytesMax,
    connectionsMax: limits.guardrailConnectionsMax,
  });
  return { guardrails, verdicts };
}

function guardrailOf(name: string, entry: GuardrailConfig, environment: Environment): Guardrail {
  const { applies_to, require, caps } = entry;
  return {
    name,
    scope: {
      customers: applies_to.customers ?? null,
      teams: applies_to.teams ?? null,
      keys: applies_to.keys ?? null,
      environments: applies_to.environments ?? null,
      tags: applies_to.tags,
    },
    require: {
      headers: require.headers,
      metadata: require.metadata,
      tags: require.tags,
      endUser: require.end_user,
    },
    caps: { requestBytes: caps.request_bytes ?? null, outputTokens: caps.output_tokens ?? null },
    deny: entry.deny.map(patternOf),
    redact: entry.redact.map((given) => (typeof given === 'string' ? given : patternOf(given))),
    webhook: webhookOf(entry.webhook, environment),
  };
}

function patternOf(given: { name: string; pattern: string; ignore_case: boolean }): NamedPattern {
  const { name, pattern, ignore_case: ignoreCase } = given;
  return { name, pattern, ignoreCase };
}

function webhookOf(
  entry: GuardrailConfig['webhook'],
  environment: Environment,
): Guardrail['webhook'] {
  if (entry === undefined) return null;
  return {
    url: entry.url,
    secret: resolveSecret(entry.secret, environment),
    onRequest: entry.on.includes('request'),
    onAnswer: entry.on.includes('answer'),
    timeoutMs: entry.timeout_ms,
    whenUnavailable: entry.when_unavailable,
  };
}
