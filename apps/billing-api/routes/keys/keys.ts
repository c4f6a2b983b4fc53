/**
 * /v1/keys: virtual keys. A secret is shown only in the answer to the request that made it (I12).
 */
import { keyEvents } from '@tollgate/adapters/ledger/categories.ts';
import {
  decideRotateKey,
  decideUpdateKey,
  evolveKey,
  keyStatus,
} from '@tollgate/domain/key/key.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import {
  keyChange,
  keyList,
  keyParams,
  keyRequest,
  keyView,
  rotateRequest,
} from '@tollgate/schemas/http/resources.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem } from '../../http/errors.ts';
import { isWanted, pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { liveCustomer, ofCustomer } from '../named-customer.ts';
import { defaultsFor, defineDefaults, termsOfNewKey } from './key-defaults.ts';
import { isOf, newSecret, view, withSecret } from './key-view.ts';

export const issueKey = defineRoute({
  operationId: 'issueKey',
  method: 'POST',
  path: '/v1/keys',
  tag: 'Keys',
  summary: 'Issue a key; its secret is shown in this answer and never again',
  description:
    '`on_disconnect` says what happens at the provider when a client hangs up. `drain` (the default) ' +
    'reads the answer to its end: all of it is billed, as the provider states it, read or not. It is ' +
    'read on for two minutes and 16,384 tokens of a stream at most (`limits.drain_seconds` and ' +
    '`limits.drain_tokens` of the configuration); what goes on beyond that is ended, its event says ' +
    '`drain_bound.seconds` or `drain_bound.tokens`, and its cost is unknown. `abort` ' +
    'ends the call there: the provider may bill more than was streamed and states no usage, so its ' +
    'cost is an estimate or unknown. Where the cost is not stated, the budget stays charged with the ' +
    'whole hold until a bill resolves it. What the request leaves out is as `key_defaults` of the ' +
    'customer and of the installation say; their budgets and rate limits are made before the key.',
  body: keyRequest,
  status: 201,
  response: keyView,
  errors: [
    'customer_not_found',
    'customer_archived',
    'team_not_found',
    'team_archived',
    'concurrent_change',
  ],
  withoutSecrets: (answer) => ({ ...answer, secret: null }),
  restore: (stored, request, context) => withSecret(stored, request, context),
  async handler({ body, ...request }, context) {
    const { newId, secretBytes, commandId, timeMs } = request;
    const customer = liveCustomer(context, body.customer_id);
    const { customer_id } = customer;
    const { team_id = null, name, environment } = body;
    const team = team_id === null ? undefined : context.directory.teams.get(team_id);
    // A team of another customer is answered like one that does not exist (I10).
    if (team_id !== null && team?.state.customer_id !== customer_id) {
      throw new ApiProblem('team_not_found');
    }
    if (team?.state.archived === true) throw new ApiProblem('team_archived');
    const key_id = newId('key');
    const defaults = defaultsFor(customer, context);
    const terms = termsOfNewKey(body, defaults, timeMs);
    const secret = newSecret(environment, secretBytes, context);
    const digest = context.secrets.digestKey(secret);
    const last_four = secret.slice(-4);
    const whose = { key_id, customer_id, team_id, name, environment };
    const ids = await defineDefaults(context, request, { keyId: key_id, customer, defaults });
    const { payload_log } = body;
    const logged = payload_log === undefined ? {} : { payload_log };
    const data = { ...digest, ...whose, ...terms, ...ids, ...logged, last_four };
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
  query: keyList,
  status: 200,
  response: listOf(keyView),
  errors: ['cursor_unknown'],
  async handler({ query }, context) {
    const isOfCustomer = ofCustomer(context, query.customer_id);
    const nowMs = context.clock();
    return pageOf(
      context.directory.keys.all(),
      query,
      ({ state }) => state.key_id,
      (key) => view(key, nowMs, null),
      ({ state }) =>
        isOfCustomer(state) &&
        isWanted(query.team_id, state.team_id) &&
        isWanted(query.environment, state.environment) &&
        isWanted(query.status, keyStatus(state, nowMs)),
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
  errors: ['key_not_found', 'key_archived', 'key_revoked', 'key_expired', 'concurrent_change'],
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

export const updateKey = defineRoute({
  operationId: 'updateKey',
  method: 'PATCH',
  path: '/v1/keys/{key_id}',
  tag: 'Keys',
  summary:
    'Change name, tags, expiry, models or disconnect policy of a key; what is left out stays',
  description:
    'The next call has it, within one second. A call that runs keeps what it began with.',
  params: keyParams,
  body: keyChange,
  status: 200,
  response: keyView,
  errors: ['key_not_found', 'key_archived', 'key_revoked', 'concurrent_change'],
  async handler({ params, body, commandId, timeMs }, context) {
    const done = await carryOut(context, {
      category: keyEvents,
      id: params.key_id,
      commandId,
      evolve: evolveKey,
      decide: (state) => decideUpdateKey(state, body),
    });
    return view(done, timeMs, null);
  },
});
