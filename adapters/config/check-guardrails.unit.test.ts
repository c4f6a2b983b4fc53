import { expect, it } from 'vitest';
import { checkGuardrails } from './check-guardrails.ts';
import { parseConfig } from './load-config.ts';

const SECRET = `whsec_${Buffer.alloc(32).toString('base64')}`;

function faultOf(yaml: string): string {
  try {
    const config = parseConfig('f.yaml', `guardrails:\n  g:\n    ${yaml}\n`);
    checkGuardrails(config, { SECRET, SHORT: 'whsec_c2hvcnQ=' });
    return 'none';
  } catch (error) {
    return (error as Error).message;
  }
}

it('names the field of a pattern that is none, of an address inside, and of a bad secret', () => {
  const webhook = (url: string, env: string) =>
    `webhook: { url: '${url}', secret: { env: ${env} } }`;
  expect(faultOf("deny: [{ name: a, pattern: ok }, { name: b, pattern: '(' }]")).toMatch(
    /^guardrails\.g\.deny\.1\.pattern: missing closing \)/,
  );
  expect(faultOf("redact: [email, { name: b, pattern: '(?<!x)y' }]")).toMatch(
    /^guardrails\.g\.redact\.1\.pattern: .*look-around/,
  );
  expect(faultOf(webhook('https://10.0.0.1/hook', 'SECRET'))).toBe(
    'guardrails.g.webhook.url: its address is not public; `webhooks.allow` may list it',
  );
  expect(faultOf(webhook('https://guard.example/hook', 'SHORT'))).toMatch(
    /^guardrails\.g\.webhook\.secret: write whsec_/,
  );
  expect(faultOf(webhook('https://guard.example/hook', 'SECRET'))).toBe('none');
});

it('a guardrail that asks for nothing, or for what does not exist, is refused by its field', () => {
  expect(faultOf('applies_to: { keys: [key_1] }')).toMatch(/guardrails\.g: asks for nothing/);
  expect(faultOf('redact: [emails]')).toMatch(/guardrails\.g\.redact\.0: /);
  expect(faultOf('require: { headers: [x y] }')).toMatch(/guardrails\.g\.require\.headers\.0/);
});
