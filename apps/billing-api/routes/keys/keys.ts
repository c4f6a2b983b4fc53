/**
 * /v1/keys: virtual keys. A secret is shown only in the answer to the request that made it (I12).
 */
import { keyEvents } from '@tollgate/adapters/ledger/categories.ts';
import {
  decideRevokeKey,
  decideRotateKey,
  evolveKey,
  type KeyState,
  keyStatus,
} from '@tollgate/domain/key/key.ts';
import type { KeyDigest } from '@tollgate/domain/key/key-events.ts';
import { formatKeySecret, KEY_RANDOM_BYTES } from '@tollgate/domain/key/key-secret.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import {
  keyParams,
  keyRequest,
  keyView,
  listByCustomer,
  revokeRequest,
  rotateRequest,
} from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem } from '../../http/errors.ts';
import { pageOf } from '../../http/lists.ts';
import { type ApiRequest, defineRoute } from '../../http/route.ts';
import type { Entity } from '../../resources/entities.ts';
import { liveCustomer, ofCustomer } from '../named-customer.ts';

export const issueKey = defineRoute({
  operationId: 'issueKey',
  method: 'POST',
  path: '/v1/keys',
  tag: 'Keys',
  summary: 'Issue a key; its secret is shown in this answer and never again',
  description:
    '`on_disconnect` says what happens at the provider when a client hangs up. `drain` (the default) ' +
    'reads the answer to its end: all of it is billed, as the provider states it, read or not. `abort` ' +
    'ends the call there: the provider may bill more than was streamed and states no usage, so its ' +
    'cost is an estimate or unknown, and the budget stays charged with the whole hold until a bill ' +
    'resolves it.',
  body: keyRequest,
  status: 201,
  response: keyView,
  errors: ['customer_not_found', 'customer_archived', 'team_not_found', 'concurrent_change'],
  withoutSecrets: (answer) => ({ ...answer, secret: null }),
  restore: (stored, request, context) => withSecret(stored, request, context),
  async handler({ body, newId, secretBytes, commandId, timeMs }, context) {
    const { customer_id } = liveCustomer(context, body.customer_id);
    const { team_id = null, expires_at = null, ...rest } = body;
    const team = team_id === null ? undefined : context.directory.teams.get(team_id);
    // A team of another customer is answered like one that does not exist (I10).
    if (team_id !== null && team?.state.customer_id !== customer_id) {
      throw new ApiProblem('team_not_found');
    }
    const key_id = newId('key');
    const secret = newSecret(body.environment, secretBytes, context);
    const digest = context.secrets.digestKey(secret);
    const last_four = secret.slice(-4);
    const data = { ...digest, key_id, ...rest, customer_id, team_id, expires_at, last_four };
    const { state } = await carryOut(context, {
      category: keyEvents,
      id: key_id,
      commandId,
      evolve: evolveKey,
      decide: () => ({ type: 'KeyIssued', data }),
    });
    const issued = { state, createdAtMs: timeMs, updatedAtMs: timeMs };
    return view(issued, timeMs, isOf(state, digest) ? secret : null);
  },
});

export const listKeys = defineRoute({
  operationId: 'listKeys',
  method: 'GET',
  path: '/v1/keys',
  tag: 'Keys',
  summary: 'List keys, newest first',
  query: listByCustomer,
  status: 200,
  response: listOf(keyView),
  errors: ['cursor_unknown'],
  async handler({ query }, context) {
    const items = context.directory.keys.where(ofCustomer(context, query.customer_id));
    return pageOf(
      items,
      query,
      ({ state }) => state.key_id,
      (key) => view(key, context.clock(), null),
    );
  },
});

export const getKey = defineRoute({
  operationId: 'getKey',
  method: 'GET',
  path: '/v1/keys/{key_id}',
  tag: 'Keys',
  summary: 'Retrieve a key',
  params: keyParams,
  status: 200,
  response: keyView,
  errors: ['key_not_found'],
  async handler({ params }, { directory, clock }) {
    const found = directory.keys.get(params.key_id);
    if (found === undefined) throw new ApiProblem('key_not_found');
    return view(found, clock(), null);
  },
});

export const rotateKey = defineRoute({
  operationId: 'rotateKey',
  method: 'POST',
  path: '/v1/keys/{key_id}/rotate',
  tag: 'Keys',
  summary: 'Give a key a new secret; the old one works on for `overlap_seconds`',
  params: keyParams,
  body: rotateRequest,
  status: 200,
  response: keyView,
  errors: ['key_not_found', 'key_revoked', 'key_expired', 'concurrent_change'],
  withoutSecrets: (answer) => ({ ...answer, secret: null }),
  restore: (stored, request, context) => withSecret(stored, request, context),
  async handler({ params, body, secretBytes, commandId, timeMs }, context) {
    const known = context.directory.keys.get(params.key_id);
    if (known === undefined) throw new ApiProblem('key_not_found');
    const overlap = Math.min(body.overlap_seconds, context.limits.rotationOverlapSecondsMax);
    const secret = newSecret(known.state.environment, secretBytes, context);
    const digest = context.secrets.digestKey(secret);
    const rotation = {
      ...digest,
      last_four: secret.slice(-4),
      previous_valid_until: new Date(timeMs + overlap * 1000).toISOString(),
    };
    const done = await carryOut(context, {
      category: keyEvents,
      id: params.key_id,
      commandId,
      evolve: evolveKey,
      decide: (state) => decideRotateKey(state, rotation, timeMs),
    });
    return view(done, timeMs, isOf(done.state, digest) ? secret : null);
  },
});

export const revokeKey = defineRoute({
  operationId: 'revokeKey',
  method: 'POST',
  path: '/v1/keys/{key_id}/revoke',
  tag: 'Keys',
  summary: 'Revoke a key: it stops working within one second',
  params: keyParams,
  body: revokeRequest,
  status: 200,
  response: keyView,
  errors: ['key_not_found', 'concurrent_change'],
  async handler({ params, body, commandId, timeMs }, context) {
    const done = await carryOut(context, {
      category: keyEvents,
      id: params.key_id,
      commandId,
      evolve: evolveKey,
      decide: (state) => decideRevokeKey(state, body.reason ?? null),
    });
    return view(done, timeMs, null);
  },
});

function view({ state, createdAtMs }: Entity<KeyState>, atMs: number, secret: string | null) {
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
    last_four: state.last_four,
    status: keyStatus(state, atMs),
    secret,
    created_at: new Date(createdAtMs).toISOString(),
  };
}

type SecretBytes = ApiRequest<unknown, unknown, unknown>['secretBytes'];

/** A repetition gets the secret of the first request; one that comes too late makes another. */
function newSecret(environment: string, secretBytes: SecretBytes, context: ApiContext): string {
  const bytes = secretBytes('secret', KEY_RANDOM_BYTES) ?? context.randomBytes(KEY_RANDOM_BYTES);
  return formatKeySecret(environment, bytes);
}

/** False where an earlier try of the same request has stored another secret: this one is none. */
function isOf({ digests }: KeyState, { hash }: KeyDigest): boolean {
  return digests.some((digest) => digest.hash === hash);
}

type Issued = z.input<typeof keyView>;

/** A client that lost the answer can repeat the request, within a day, to get the secret again. */
function withSecret(
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
