/** Whether guardrails can do what the configuration asks of them, before anything is opened. */
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { compilePattern, PatternFault } from '../patterns/linear-pattern.ts';
import { destinations } from '../webhooks/destinations.ts';
import { isWebhookSecret } from '../webhooks/webhook-secret.ts';
import { ConfigError, resolveSecret } from './load-config.ts';

/** @throws ConfigError naming the field of a bad pattern, a URL that may not be asked, or a bad secret */
export function checkGuardrails(
  config: Pick<TollgateConfig, 'guardrails' | 'webhooks'>,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const allowed = destinations(config.webhooks.allow);
  for (const [name, { deny, redact, webhook }] of Object.entries(config.guardrails)) {
    const at = `guardrails.${name}`;
    for (const [list, rules] of Object.entries({ deny, redact })) {
      for (const [index, rule] of rules.entries()) {
        if (typeof rule !== 'string') checkPattern(`${at}.${list}.${index}.pattern`, rule);
      }
    }
    if (webhook === undefined) continue;
    const refusal = allowed.refusalOf(webhook.url);
    if (refusal !== null) {
      throw new ConfigError(`${at}.webhook.url: ${refusal}; \`webhooks.allow\` may list it`);
    }
    if (isWebhookSecret(resolveSecret(webhook.secret, environment))) continue;
    throw new ConfigError(`${at}.webhook.secret: write whsec_ and 24 to 64 bytes in base64`);
  }
}

function checkPattern(at: string, rule: { pattern: string; ignore_case: boolean }): void {
  try {
    compilePattern(rule.pattern, rule.ignore_case);
  } catch (error) {
    // seam: bad-pattern-ends-the-start
    if (!(error instanceof PatternFault)) throw error;
    throw new ConfigError(`${at}: ${error.message}`);
  }
}
