/** How a provider is shown whose requests they are, where no key says it. */
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { type Authorizer, fileToken } from '../provider/authorizer.ts';
import { sigV4 } from '../provider/sigv4.ts';
import { resolveSecret } from './load-config.ts';

/** @returns undefined: it has keys, or nothing */
export function authorizerOf(
  { aws, token_file: file }: TollgateConfig['providers'][string],
  environment: Readonly<Record<string, string | undefined>>,
): Authorizer | undefined {
  if (file !== undefined) return fileToken(file);
  if (aws === undefined) return undefined;
  const { region, service, session_token: token } = aws;
  const sourceOf = (secret: typeof aws.access_key_id) =>
    'file' in secret ? secret : { text: resolveSecret(secret, environment) };
  return sigV4({
    ...{ region, service },
    accessKeyId: sourceOf(aws.access_key_id),
    secretAccessKey: sourceOf(aws.secret_access_key),
    sessionToken: token === undefined ? undefined : sourceOf(token),
  });
}
