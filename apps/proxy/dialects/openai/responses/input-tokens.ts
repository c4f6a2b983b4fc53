/** `POST /v1/responses/input_tokens`: how many tokens a request would have. The provider bills nothing for it. */
import { responsesRequest } from '@tollgate/schemas/openai/responses.ts';
import { withEdits } from '../../../relay/json-scan.ts';
import type { FreeEndpoint, FreeRead, IncomingCall } from '../../dialect.ts';
import { errorBody } from '../error-body.ts';
import { invalidRequest, memberRange, readJsonBody } from '../json-body.ts';

export const inputTokens: FreeEndpoint = {
  method: 'POST',
  path: '/v1/responses/input_tokens',
  aliases: ['/openai/responses/input_tokens'],
  name: 'responses.input_tokens',
  dialect: 'openai',
  read: readInputTokens,
  errorBody,
};

function readInputTokens({ body: bytes }: IncomingCall, depthMax: number): FreeRead {
  const read = readJsonBody(bytes, depthMax);
  if (!read.ok) return read;
  const parsed = responsesRequest.safeParse(read.json);
  if (!parsed.success) return invalidRequest(parsed.error);
  const { body } = read;
  const { model } = parsed.data;
  const edit = { ...memberRange(body, 'model') };
  return {
    ok: true,
    request: {
      model,
      upstream: (name) => ({
        path: '/responses/input_tokens',
        headers: { accept: 'application/json' },
        body:
          name === model
            ? body.bytes
            : withEdits(body.bytes, [{ ...edit, text: JSON.stringify(name) }]),
      }),
    },
  };
}
