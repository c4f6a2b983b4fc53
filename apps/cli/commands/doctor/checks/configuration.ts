/** The configuration, as far as it can be judged without asking anybody. */
import { readCatalogue } from '@tollgate/adapters/catalogue/genai-prices.ts';
import { checkEmbeddings } from '@tollgate/adapters/config/check-embeddings.ts';
import { checkGuardrails } from '@tollgate/adapters/config/check-guardrails.ts';
import { checkInvoicing } from '@tollgate/adapters/config/check-invoicing.ts';
import { checkSecrets } from '@tollgate/adapters/config/check-secrets.ts';
import { configWarnings } from '@tollgate/adapters/config/config-warnings.ts';
import { type Finding, ok, problem, warning } from '../finding.ts';
import type { Check } from '../sight.ts';

const CHECK = 'configuration';

export const checkConfiguration: Check = async (sight) => {
  const { config } = await sight.installation();
  const findings: Finding[] = [];
  const looks = [
    () => checkSecrets(config, sight.environment),
    () => checkGuardrails(config, sight.environment),
    () => checkEmbeddings(config),
    () => checkInvoicing(config),
  ];
  for (const look of looks) {
    try {
      look();
    } catch (error) {
      const { message } = error as Error;
      const isSecret = /webhook\.secret/.test(message);
      const advice = isSecret
        ? 'Put the secret of the webhook there: whsec_ and base64, the same as its receiver has.'
        : 'Nothing starts like this: put it right, and `tollgate check-config` says so.';
      findings.push(problem(isSecret ? 'webhook_secret' : CHECK, message, advice));
    }
  }
  for (const text of configWarnings(config, await readCatalogue(), sight.clock())) {
    findings.push(warning(CHECK, text, 'Change the field that it names.'));
  }
  return findings.length > 0 ? findings : [ok(CHECK, 'the configuration can be started')];
};

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export const checkTransport: Check = async (sight) => {
  const { config } = await sight.installation();
  const { apiUrl } = await sight.connection();
  const places = [
    ...Object.entries(config.providers).map(([name, { base_url }]) => [
      `providers.${name}.base_url`,
      base_url,
    ]),
    ['the billing API', apiUrl],
  ] as [string, string][];
  const open = places.filter(([, url]) => {
    const { protocol, hostname } = new URL(url);
    return protocol === 'http:' && !LOOPBACK.test(hostname);
  });
  if (open.length === 0) return [ok('transport', 'nothing leaves this machine without TLS')];
  return open.map(([place, url]) =>
    problem(
      'transport',
      `${place} is ${new URL(url).origin}: keys and texts go there in clear`,
      'Write https, or put the server behind a TLS terminator on this machine.',
    ),
  );
};
