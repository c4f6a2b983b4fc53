/** `tollgate providers check`: whether each configured provider would serve a call. */
import { keysOf } from '@tollgate/schemas/config/provider-keys.ts';
import type { Command, CommandContext } from '../../command.ts';
import type { Column } from '../../output/table.ts';
import { type AskedProvider, askProvider, type ProviderAnswer } from './provider-check.ts';

const AT_ONCE = 8;

export const providersCheck: Command = {
  name: 'providers check',
  summary: 'ask each configured provider once, and say what works',
  detail: `The configuration on this machine names the providers and where their keys are. Each is asked for its
models, with each of its keys and in each of its dialects, which costs nothing. Keys are sent to their own provider and shown to nobody.`,
  parameters: [{ name: 'PROVIDER', help: 'only this one', optional: true }],
  examples: [
    { line: 'tollgate providers check', help: 'all of ./tollgate.yaml' },
    { line: 'tollgate providers check openai --json', help: 'one of them, for a program' },
  ],
  async run(context) {
    const { output, words, say } = context;
    const wanted = await configuredProviders(context, words[0]);
    if (wanted.length === 0) {
      say('No provider is configured: `tollgate start` offers the built-in simulator.');
      return 0;
    }
    const answers: ProviderAnswer[] = [];
    for (let at = 0; at < wanted.length; at += AT_ONCE) {
      const some = wanted.slice(at, at + AT_ONCE).map((provider) => askProvider(provider, context));
      answers.push(...(await Promise.all(some)));
    }
    if (output.isJson) for (const answer of answers) output.print(JSON.stringify(answer));
    else output.table(columns(context), answers);
    const bad = answers.filter(({ outcome }) => !isFine(outcome));
    for (const answer of bad) say(`${askedName(answer)}: ${HELP[answer.outcome]}`);
    return bad.length === 0 ? 0 : 1;
  },
};

const isFine = (outcome: ProviderAnswer['outcome']) => outcome === 'works' || outcome === 'no_list';

/** The provider, and which of its several keys. */
export function askedName({ provider, key }: Pick<ProviderAnswer, 'provider' | 'key'>): string {
  return key === null ? provider : `${provider} (${key})`;
}

export const HELP: Readonly<Record<ProviderAnswer['outcome'], string>> = {
  works: 'it works.',
  no_list: 'it answers, and has no list of models: try a call.',
  key_refused: 'it refuses the key: is `api_key` the one of this provider, and not revoked?',
  unreachable:
    'nobody answers at its `base_url`: check the address, DNS, the firewall and any proxy.',
  slow: 'it does not answer in time: check its status page, and what is on the way.',
  failing: 'it answers with a failure: check its status page, and `base_url`.',
};

const columns = ({ output }: CommandContext): Column<ProviderAnswer>[] => [
  { title: 'provider', value: askedName, min: 8 },
  { title: 'dialect', value: ({ dialect }) => dialect },
  {
    title: 'outcome',
    value: ({ outcome }) => outcome.replace('_', ' '),
    style: ({ outcome }, text) => output.paint(isFine(outcome) ? 'green' : 'red', text),
  },
  { title: 'took', value: ({ took_ms }) => `${took_ms} ms`, align: 'right' },
  { title: 'detail', value: ({ detail }) => detail, min: 12 },
  { title: 'address', value: ({ url }) => url, min: 16, spare: true },
];

/** @throws ConfigError if a key is not where the configuration says */
export async function configuredProviders(
  { installation, environment }: Pick<CommandContext, 'installation' | 'environment'>,
  only?: string,
): Promise<AskedProvider[]> {
  const { authorizerOf } = await import('@tollgate/adapters/config/provider-access.ts');
  const { ConfigError, resolveSecret } = await import('@tollgate/adapters/config/load-config.ts');
  const { config } = await installation();
  const names = Object.keys(config.providers);
  if (only !== undefined && !names.includes(only)) {
    throw new ConfigError(
      `there is no provider ${only}; the configuration has: ${names.join(', ')}`,
    );
  }
  return names
    .filter((name) => only === undefined || name === only)
    .flatMap((name) => {
      const provider = config.providers[name] as (typeof config.providers)[string];
      const { base_url: baseUrl, api_version: apiVersion, dialects, auth } = provider;
      const shown = Object.entries(provider.headers).map(([header, value]) => [
        header,
        resolveSecret(value, environment),
      ]);
      const headers = Object.fromEntries(shown) as Record<string, string>;
      const keys = keysOf(provider);
      const asked = keys.length === 0 ? [{ name: null, secret: undefined }] : keys;
      return asked.flatMap(({ name: key, secret }) => {
        const apiKey = resolveSecret(secret, environment);
        const authorize = authorizerOf(provider, environment);
        const common = { authorize, name, baseUrl, apiVersion, apiKey, key, auth, headers };
        return dialects.map((dialect) => ({ ...common, dialect }));
      });
    });
}
