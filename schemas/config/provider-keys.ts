/** The keys of a provider, and whatever else of it is secret. */
import { z } from 'zod';
import { secret } from './engines-config.ts';

const KEYS_MAX = 64;
const keyName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and -');

/** One of several keys of a provider: calls are shared out by weight. */
const weighedKey = z.strictObject({ key: secret, weight: z.int().min(1).max(1_000).default(1) });

/** By the names that logs have. All of one account: what one has stored there, the others must find. */
const apiKeys = z
  .record(keyName, weighedKey)
  .refine((keys) => Object.keys(keys).length > 0, 'names no key')
  .refine((keys) => Object.keys(keys).length <= KEYS_MAX, `at most ${KEYS_MAX}`);

export const providerKeys = {
  api_key: secret.optional(),
  /** Several, in place of `api_key`. One that is refused, or over its limit, is left alone for a while. */
  api_keys: apiKeys.optional(),
};

const awsName = z.string().regex(/^[a-z0-9-]{1,40}$/, 'lower-case letters, digits and -');

/** Signs each request by AWS Signature Version 4. Values in files are read again each minute. */
const aws = z.strictObject({
  region: awsName,
  /** Of the endpoint: `bedrock` at bedrock-runtime, `bedrock-mantle` at bedrock-mantle. */
  service: awsName.default('bedrock'),
  access_key_id: secret,
  secret_access_key: secret,
  /** Of temporary credentials. */
  session_token: secret.optional(),
});

/** In place of keys. */
export const providerAccess = {
  aws: aws.optional(),
  /** A file with a bearer token that something else renews, such as Vertex's: it is read again each minute. */
  token_file: z.string().min(1).optional(),
};

type Secret = z.infer<typeof secret>;
type ConfiguredKeys = {
  api_key?: Secret | undefined;
  api_keys?: z.infer<typeof apiKeys> | undefined;
};

/** The keys of a provider in their order, and the field that each is in. A single one has no name. */
export function keysOf({
  api_key,
  api_keys,
}: ConfiguredKeys): { name: string | null; field: string; secret: Secret; weight: number }[] {
  const several = Object.entries(api_keys ?? {}).map(([name, { key, weight }]) => {
    return { name, field: `api_keys.${name}.key`, secret: key, weight };
  });
  return api_key === undefined
    ? several
    : [{ name: null, field: 'api_key', secret: api_key, weight: 1 }, ...several];
}

type ConfiguredSecrets = ConfiguredKeys & {
  headers: Readonly<Record<string, Secret>>;
  aws?: z.infer<typeof aws> | undefined;
  token_file?: string | undefined;
};

/** All that the configuration of a provider takes from elsewhere. */
export function secretsOf(provider: ConfiguredSecrets): { field: string; secret: Secret }[] {
  const headers = Object.entries(provider.headers).map(([name, value]) => {
    return { field: `headers.${name}`, secret: value };
  });
  const { aws: signing, token_file: file } = provider;
  const signs = (['access_key_id', 'secret_access_key', 'session_token'] as const).flatMap(
    (name) => {
      const value = signing?.[name];
      return value === undefined ? [] : [{ field: `aws.${name}`, secret: value }];
    },
  );
  const token = file === undefined ? [] : [{ field: 'token_file', secret: { file } }];
  return [...keysOf(provider), ...headers, ...signs, ...token];
}
