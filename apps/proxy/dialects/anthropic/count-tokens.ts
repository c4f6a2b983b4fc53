/** `POST /v1/messages/count_tokens`: how many tokens a message would have. The provider bills nothing for it. */
import { countTokensRequest } from '@tollgate/schemas/anthropic/requests.ts';
import { withEdits } from '../../relay/json-scan.ts';
import type { FreeEndpoint, FreeRead, IncomingCall } from '../dialect.ts';
import { invalidRequest, memberRange, readJsonBody } from '../openai/json-body.ts';
import { errorBody } from './error-body.ts';
import { passedHeaders } from './messages-call.ts';

export const countTokens: FreeEndpoint = {
  method: 'POST',
  path: '/v1/messages/count_tokens',
  name: 'messages.count_tokens',
  dialect: 'anthropic',
  read: readCountRequest,
  errorBody,
};

function readCountRequest({ body: bytes }: IncomingCall, depthMax: number): FreeRead {
  const read = readJsonBody(bytes, depthMax);
  if (!read.ok) return read;
  const parsed = countTokensRequest.safeParse(read.json);
  if (!parsed.success) return invalidRequest(parsed.error);
  const { body } = read;
  const { model } = parsed.data;
  const modelAt = memberRange(body, 'model');
  return {
    ok: true,
    request: {
      model,
      upstream: (name, headers) => ({
        path: '/messages/count_tokens',
        headers: { ...passedHeaders(headers), accept: 'application/json' },
        body:
          name === model
            ? body.bytes
            : withEdits(body.bytes, [{ ...modelAt, text: JSON.stringify(name) }]),
        auth: 'x-api-key',
      }),
    },
  };
}
