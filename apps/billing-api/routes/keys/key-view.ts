/** What is shown of a key, and when its secret is (I12). */
import { type KeyState, keyStatus } from '@tollgate/domain/key/key.ts';
import type { KeyDigest } from '@tollgate/domain/key/key-events.ts';
import { formatKeySecret, KEY_RANDOM_BYTES } from '@tollgate/domain/key/key-secret.ts';
import type { keyView } from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import type { ApiRequest } from '../../http/route.ts';
import type { Entity } from '../../resources/entities.ts';

export function view(
  { state, createdAtMs }: Entity<KeyState>,
  atMs: number,
  secret: string | null,
) {
  const { key_id, customer_id, team_id, name, environment, tags, on_disconnect } = state;
  return {
    object: 'key' as const,
    id: key_id,
    customer_id,
    team_id,
    name,
    environment,
    tags,
    on_disconnect,
    expires_at: state.expires_at,
    allowed_models: state.allowed_models,
    denied_models: state.denied_models,
    default_budget_ids: state.default_budget_ids,
    default_rate_limit_ids: state.default_rate_limit_ids,
    end_user_required: state.end_user_required,
    payload_log: state.payload_log,
    last_four: state.last_four,
    status: keyStatus(state, atMs),
    secret,
    created_at: new Date(createdAtMs).toISOString(),
  };
}

type SecretBytes = ApiRequest<unknown, unknown, unknown>['secretBytes'];

/** A repetition gets the secret of the first request; one that comes too late makes another. */
export function newSecret(
  environment: string,
  secretBytes: SecretBytes,
  context: ApiContext,
): string {
  const bytes = secretBytes('secret', KEY_RANDOM_BYTES) ?? context.randomBytes(KEY_RANDOM_BYTES);
  return formatKeySecret(environment, bytes);
}

/** False where an earlier try of the same request has stored another secret: this one is none. */
export function isOf({ digests }: KeyState, { hash }: KeyDigest): boolean {
  return digests.some((digest) => digest.hash === hash);
}

type Issued = z.input<typeof keyView>;

/** A client that lost the answer can repeat the request, within a day, to get the secret again. */
export function withSecret(
  stored: Issued,
  { secretBytes }: { secretBytes: SecretBytes },
  { directory, secrets }: ApiContext,
): Issued {
  const bytes = secretBytes('secret', KEY_RANDOM_BYTES);
  const key = directory.keys.get(stored.id);
  if (bytes === null || key === undefined) return stored;
  const secret = formatKeySecret(stored.environment, bytes);
  return isOf(key.state, secrets.digestKey(secret)) ? { ...stored, secret } : stored;
}
