/** Who asks with a virtual key: the key whose secret it is, if it opens anything now (I10, I12). */
import { keyStatus } from '@tollgate/domain/key/key.ts';
import { parseKeySecret } from '@tollgate/domain/key/key-secret.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem } from './errors.ts';

/** @returns its id. @throws ApiProblem invalid_key, the same whatever is wrong with it */
export function keyIdOf(secret: string, context: ApiContext): string {
  const { directory, secrets, clock } = context;
  if (parseKeySecret(secret) === null) throw new ApiProblem('invalid_key');
  const nowMs = clock();
  for (const version of secrets.pepperVersions) {
    const { hash } = secrets.digestKey(secret, version);
    const key = directory.keyOfDigest(hash)?.state;
    if (key === undefined) continue;
    const digest = key.digests.find((one) => one.hash === hash);
    const isOver = digest?.valid_until != null && nowMs >= Date.parse(digest.valid_until);
    const owners = [
      directory.customers.get(key.customer_id)?.state,
      directory.teams.get(key.team_id ?? '')?.state,
    ];
    const isGone = owners.some((owner) => owner?.archived === true);
    // seam: key-must-be-live
    if (isOver || isGone || keyStatus(key, nowMs) !== 'active') break;
    return key.key_id;
  }
  throw new ApiProblem('invalid_key');
}
