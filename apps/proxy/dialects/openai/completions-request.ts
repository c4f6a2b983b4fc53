/** `POST /v1/completions`, the interface of before there were chats: one prompt or several, and their texts. */
import { endUserOf } from '@tollgate/domain/usage/end-user.ts';
import { completionsRequest } from '@tollgate/schemas/openai/requests.ts';
import { memberOf } from '../../relay/json-scan.ts';
import type { Endpoint, FactsRead, IncomingCall, InputTokens, LimitPlace } from '../dialect.ts';
import { isAsked } from './chat-bounds.ts';
import { errorBody } from './error-body.ts';
import { guardedMembers } from './guarded-members.ts';
import {
  billedFields,
  invalidRequest,
  type JsonBody,
  memberRange,
  readJsonBody,
  UNBOUNDED_FIELDS,
} from './json-body.ts';
import { JsonCall, type JsonEndpoint } from './json-call.ts';
import { isNoTier, tierOf } from './listed-tiers.ts';
import { otherModelsOf } from './other-models.ts';
import { optionNamedTwice, usageChunk } from './stream-options.ts';

const NAME = 'completions';
const LIMIT = 'max_tokens';
const BILLED = billedFields([
  ...['model', 'prompt', 'suffix', 'stream', 'stream_options', LIMIT, 'n', 'best_of'],
  ...['service_tier', 'models', 'fallbacks', 'preset', 'plugins', 'extra_body', 'prediction'],
]);

const jsonCompletions: JsonEndpoint = {
  path: '/completions',
  input: inputOf,
  unshown: () => null,
  leftOut: null,
  question: () => null,
  mayRepeat: () => false,
  limitField: LIMIT,
  promptIn: 'prompt',
};

export const completions: Endpoint = {
  method: 'POST',
  path: '/v1/completions',
  name: NAME,
  read: readCompletionsRequest,
  open: (facts) => new JsonCall(jsonCompletions, facts),
  plainTexts: textsOf,
  guarded: guardedMembers,
  errorBody,
};

function readCompletionsRequest({ body: bytes }: IncomingCall, depthMax: number): FactsRead {
  const read = readJsonBody(bytes, depthMax, BILLED);
  if (!read.ok) return read;
  const { json, body } = read;
  const twice = optionNamedTwice(body);
  if (twice !== undefined) return twice;
  const parsed = completionsRequest.safeParse(json);
  if (!parsed.success) return invalidRequest(parsed.error);
  const request = parsed.data;
  const stream = request.stream === true;
  const limit = request.max_tokens ?? null;
  // Candidates that are dropped are billed as well.
  // seam: dropped-candidates-are-billed
  const answers = Math.max(request.n ?? 1, request.best_of ?? 1) * promptCount(request.prompt);
  const field = UNBOUNDED_FIELDS.find((unbounded) => isAsked(request[unbounded]));
  const open = field ?? (isNoTier(request.service_tier) ? 'service_tier' : undefined);
  const statesUsage = !stream || request.stream_options?.include_usage === true;
  return {
    ok: true,
    facts: {
      endpoint: NAME,
      model: request.model,
      stream,
      endUser: endUserOf(request.safety_identifier, request.user),
      inputTokensMax: body.tokensMax,
      outputTokensMax: limit === null ? null : limit * answers,
      answerCount: answers,
      unboundedBy: open === undefined ? null : `\`${open}\``,
      openParts: null,
      needs: [],
      otherModels: otherModelsOf(request),
      ...tierOf(request.service_tier),
      body: body.bytes,
      modelAt: memberRange(body, 'model'),
      limitAt: limit === null ? limitPlace(body) : null,
      members: body.scan.members,
      edits: statesUsage ? [] : [usageChunk(body)],
    },
  };
}

/** Several texts, or several lists of tokens; one list of tokens is one prompt. */
function promptCount(prompt: unknown): number {
  if (!Array.isArray(prompt) || prompt.length === 0) return 1;
  return typeof prompt[0] === 'number' ? 1 : prompt.length;
}

/** A client that wrote null keeps its member; otherwise there is one more, the first. */
function limitPlace(body: JsonBody): LimitPlace {
  const member = memberOf(body.scan, LIMIT);
  if (member !== undefined) return { name: LIMIT, start: member.start, end: member.end };
  const at = body.bytes.indexOf('{') + 1;
  return { name: null, start: at, end: at };
}

/** Texts, or texts that were made into tokens already. */
function inputOf(request: unknown): InputTokens | null {
  const { prompt, suffix } = request as { prompt?: unknown; suffix?: unknown };
  const texts: string[] = [];
  let ids = 0;
  for (const item of [prompt, suffix].flat(2)) {
    if (typeof item === 'string') texts.push(item);
    else if (typeof item === 'number') ids++;
    else if (item !== undefined && item !== null) return null;
  }
  return { text: texts.filter((text) => text !== '').join('\n'), ids };
}

/** What a model reads of it word for word; ids of tokens are no text. */
function textsOf(request: unknown): string[] {
  const { prompt } = request as { prompt?: unknown };
  const items: unknown[] = Array.isArray(prompt) ? prompt : [prompt];
  return items.filter((item) => typeof item === 'string');
}
