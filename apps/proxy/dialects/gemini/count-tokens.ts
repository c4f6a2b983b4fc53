/** `POST …/models/{model}:countTokens`: how many tokens a request would have. Google bills nothing for it. */
import { countTokensRequest } from '@tollgate/schemas/gemini/requests.ts';
import { type Edit, type Member, withEdits } from '../../relay/json-scan.ts';
import type { FreeEndpoint, FreeRead, IncomingCall } from '../dialect.ts';
import { memberNamed, membersWithin, readBody } from './body.ts';
import { errorBody } from './error-body.ts';
import { otherModel } from './other-model.ts';
import { CALLS_PATH, targetOf } from './target.ts';

export const countTokens: FreeEndpoint = {
  method: 'POST',
  path: CALLS_PATH,
  name: 'countTokens',
  action: 'countTokens',
  dialect: 'gemini',
  target: targetOf,
  read: readCountRequest,
  errorBody,
};

function readCountRequest({ body: bytes, target }: IncomingCall, depthMax: number): FreeRead {
  if (target === undefined) throw new Error('the path of a call was not read');
  const read = readBody(bytes, depthMax, countTokensRequest);
  if (!read.ok) return read;
  const { request, body } = read;
  for (const named of [request.model, request.generateContentRequest?.model]) {
    const other = otherModel(named, target);
    if (other !== null) return other;
  }
  const { model } = target;
  return {
    ok: true,
    request: {
      model,
      upstream: (name) => ({
        path: `/models/${encodeURIComponent(name)}:countTokens`,
        headers: { accept: 'application/json' },
        body:
          name === model
            ? body.bytes
            : withEdits(body.bytes, namesIn(body.bytes, body.scan.members, name)),
        auth: 'x-goog-api-key',
      }),
    },
  };
}

/** Wherever the body names the model of the path once more. */
function namesIn(body: Buffer, members: readonly Member[], model: string): Edit[] {
  const whole = memberNamed(members, 'generateContentRequest');
  const within = whole === undefined ? [] : membersWithin(body, whole);
  return [...members, ...within]
    .filter(
      ({ name, start, end }) => name === 'model' && body.toString('utf8', start, end) !== 'null',
    )
    .map(({ start, end }) => ({ start, end, text: JSON.stringify(`models/${model}`) }));
}
