/** Ends and pauses of a key: suspend and resume, revoke, archive. Proxies follow within one second. */
import { keyEvents } from '@tollgate/adapters/ledger/categories.ts';
import {
  decideArchiveKey,
  decideResumeKey,
  decideRevokeKey,
  decideSuspendKey,
  evolveKey,
  type KeyRefusal,
  type KeyState,
} from '@tollgate/domain/key/key.ts';
import type { KeyEvent } from '@tollgate/domain/key/key-events.ts';
import { keyParams, keyView, reasonRequest } from '@tollgate/schemas/http/resources.ts';
import type { ApiContext } from '../../context.ts';
import { carryOut } from '../../http/carry-out.ts';
import { defineRoute } from '../../http/route.ts';
import { view } from './key-view.ts';

export const revokeKey = defineRoute({
  operationId: 'revokeKey',
  method: 'POST',
  path: '/v1/keys/{key_id}/revoke',
  tag: 'Keys',
  summary: 'Revoke a key for good: it stops working within one second',
  params: keyParams,
  body: reasonRequest,
  status: 200,
  response: keyView,
  errors: ['key_not_found', 'concurrent_change'],
  handler: async ({ params, body, ...request }, context) =>
    change(context, params.key_id, request, (s) => decideRevokeKey(s, body.reason ?? null)),
});

export const suspendKey = defineRoute({
  operationId: 'suspendKey',
  method: 'POST',
  path: '/v1/keys/{key_id}/suspend',
  tag: 'Keys',
  summary: 'Suspend a key: within one second it stops working until it is resumed',
  description: 'Calls that run go on to their end.',
  params: keyParams,
  body: reasonRequest,
  status: 200,
  response: keyView,
  errors: ['key_not_found', 'key_archived', 'key_revoked', 'concurrent_change'],
  handler: async ({ params, body, ...request }, context) =>
    change(context, params.key_id, request, (s) => decideSuspendKey(s, body.reason ?? null)),
});

export const resumeKey = defineRoute({
  operationId: 'resumeKey',
  method: 'POST',
  path: '/v1/keys/{key_id}/resume',
  tag: 'Keys',
  summary: 'Resume a suspended key',
  params: keyParams,
  status: 200,
  response: keyView,
  errors: ['key_not_found', 'key_archived', 'key_revoked', 'concurrent_change'],
  handler: async ({ params, ...request }, context) =>
    change(context, params.key_id, request, decideResumeKey),
});

export const archiveKey = defineRoute({
  operationId: 'archiveKey',
  method: 'POST',
  path: '/v1/keys/{key_id}/archive',
  tag: 'Keys',
  summary: 'Archive a key for good: it stops working within one second, and its history stays',
  params: keyParams,
  status: 200,
  response: keyView,
  errors: ['key_not_found', 'key_archived', 'concurrent_change'],
  handler: async ({ params, ...request }, context) =>
    change(context, params.key_id, request, decideArchiveKey),
});

async function change(
  context: ApiContext,
  id: string,
  { commandId, timeMs }: { commandId: string; timeMs: number },
  decide: (state: KeyState | undefined) => KeyEvent | null | KeyRefusal,
) {
  const done = await carryOut(context, {
    category: keyEvents,
    ...{ id, commandId, decide },
    evolve: evolveKey,
  });
  return view(done, timeMs, null);
}
