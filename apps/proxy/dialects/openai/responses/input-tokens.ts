/** `POST /v1/responses/input_tokens`: how many tokens a request would have. The provider bills nothing for it. */
import { type ResponsesRequest, responsesRequest } from '@tollgate/schemas/openai/responses.ts';
import { withEdits } from '../../../relay/json-scan.ts';
import type { FreeEndpoint, FreeRead, IncomingCall } from '../../dialect.ts';
import { errorBody } from '../error-body.ts';
import { invalidRequest, memberRange, readJsonBody } from '../json-body.ts';
import { storedNames } from './stored-names.ts';

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
  const names = storedNames(read.json as ResponsesRequest, body.bytes);
  if ('code' in names) return { ok: false, refusal: names };
  const { model } = parsed.data;
  const edit = { ...memberRange(body, 'model') };
  return {
    ok: true,
    request: {
      model,
      names,
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
