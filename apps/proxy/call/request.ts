/**
 * Understands a request (design §7.2): endpoint, model, stream, output limit, and an upper bound of
 * its input. Pure: bytes in, a value out; a refusal is a value too.
 */
import { isUtf8 } from 'node:buffer';
import { isPlainChatRequest } from '@tollgate/schemas/openai/plain-request.ts';
import { chatCompletionRequest, embeddingsRequest } from '@tollgate/schemas/openai/requests.ts';
import type { z } from 'zod';
import type { Refusal } from '../errors.ts';
import { type JsonScan, scanJson, withMember } from './json-scan.ts';

export type Endpoint = 'chat.completions' | 'embeddings';

export type CallRequest = {
  endpoint: Endpoint;
  /** As the client wrote it. */
  model: string;
  stream: boolean;
  /** The client asked for the usage chunk itself, so it must not be stripped. */
  wantsUsageChunk: boolean;
  /** A token holds at least one byte of what is sent; framing is smaller than its JSON syntax. */
  inputTokensMax: number;
  /** Over all choices; null: the client set no limit. */
  outputTokensMax: number | null;
  choices: number;
  /** Remote media, searches, other models: no bound of the cost follows from the body. */
  unboundedBy: string | null;
  endUser: string | null;
  body: Buffer;
  text: string;
  scan: JsonScan;
};

/** Tokens that a provider may add around any request (role markers, reply priming). */
const FRAMING_TOKENS = 128;
/** What it may say to the model about tools in general; Anthropic's text has a few hundred tokens. */
const TOOLS_TOKENS = 1_024;
/** Fields that make a provider search, think elsewhere or fall back to another model. */
const UNBOUNDED_FIELDS = [
  ...['web_search_options', 'search_parameters', 'plugins', 'models'],
  // Gemini's cached content, Azure's own data, OpenRouter's presets: input from elsewhere.
  ...['extra_body', 'cached_content', 'data_sources', 'preset'],
];
/** Fields that decide what is billed: each must stand in the body once. */
const BILLED_FIELDS = new Set([
  'model',
  'messages',
  'input',
  'stream',
  'stream_options',
  'max_tokens',
  'max_completion_tokens',
  'n',
  'tools',
  'service_tier',
  ...UNBOUNDED_FIELDS,
]);
const BOUNDED_PARTS = new Set(['text', 'refusal']);
const BOUNDED_TOOLS = new Set(['function', 'custom']);
/** Tiers that cost what a price list says, or less; the others cost more, and no list says how much. */
const LISTED_TIERS = new Set<unknown>([
  ...['auto', 'default', 'standard', 'standard_only', 'on_demand', 'flex'],
  ...[undefined, null],
]);

export function readRequest(
  endpoint: Endpoint,
  body: Buffer,
  depthMax: number,
): { ok: true; request: CallRequest } | { ok: false; refusal: Refusal } {
  const text = body.toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse({ code: 'invalid_json' });
  }
  const scan = scanJson(text);
  if (scan.depth > depthMax) return refuse({ code: 'json_too_deep' });
  const twice = billedTwice(scan);
  if (twice !== undefined) return refuse({ code: 'ambiguous_json', param: twice });
  // Bytes that are not UTF-8 are sent as replacement characters, of three bytes each.
  const bytes = Math.max(body.length, Buffer.byteLength(text));
  const common = { body, text, scan, inputTokensMax: bytes + FRAMING_TOKENS };
  return endpoint === 'embeddings' ? readEmbeddings(json, common) : readChat(json, common);
}

const PLAIN_NAME = /^[a-z0-9_]*$/;

/**
 * A field that decides the bill and stands in the body more than once, or in another spelling: Go's
 * encoding/json takes names without regard to case, and the last one counts.
 */
function billedTwice(scan: JsonScan): string | undefined {
  const seen = new Set<string>();
  for (const { name } of scan.members) {
    if (!BILLED_FIELDS.has(name)) {
      if (!PLAIN_NAME.test(name) && BILLED_FIELDS.has(folded(name))) return name;
      continue;
    }
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** Upper case first: the long s (U+017F) is an s there, and the Kelvin sign a k in lower case. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

type ChatCompletionRequest = z.infer<typeof chatCompletionRequest>;
type Common = Pick<CallRequest, 'body' | 'text' | 'scan' | 'inputTokensMax'>;
type Read = { ok: true; request: CallRequest } | { ok: false; refusal: Refusal };

function refuse(refusal: Refusal): Read {
  return { ok: false, refusal };
}

function invalid(error: z.ZodError): Read {
  const issue = error.issues[0];
  const param = issue?.path.join('.') ?? '';
  const message = `Invalid request: ${param === '' ? '' : `\`${param}\`: `}${issue?.message ?? ''}.`;
  return refuse({ code: 'invalid_request', param, message });
}

function readChat(json: unknown, common: Common): Read {
  if (isPlainChatRequest(json)) return chatRead(json, common);
  const parsed = chatCompletionRequest.safeParse(json);
  return parsed.success ? chatRead(parsed.data, common) : invalid(parsed.error);
}

function chatRead(request: ChatCompletionRequest, common: Common): Read {
  const choices = request.n ?? 1;
  const limit = outputLimit(request.max_tokens, request.max_completion_tokens);
  return {
    ok: true,
    request: {
      ...common,
      inputTokensMax: common.inputTokensMax + (request.tools?.length ? TOOLS_TOKENS : 0),
      endpoint: 'chat.completions',
      model: request.model,
      stream: request.stream === true,
      wantsUsageChunk: request.stream_options?.include_usage === true,
      outputTokensMax: limit === null ? null : limit * choices,
      choices,
      unboundedBy: unboundedPart(request),
      endUser: request.user ?? null,
    },
  };
}

/** Both limits set: which one the provider obeys is its own business, so the larger one counts. */
function outputLimit(
  maxTokens: number | null | undefined,
  maxCompletionTokens: number | null | undefined,
): number | null {
  if (maxTokens == null) return maxCompletionTokens ?? null;
  return Math.max(maxTokens, maxCompletionTokens ?? 0);
}

/** What is read of a message, a content part or a tool. */
const NESTED_FIELDS = new Set(['role', 'content', 'audio', 'type']);

/** As at the top (`billedTwice`): another spelling may be the one that counts over there. */
function misspelt(value: object): string | undefined {
  for (const name in value) {
    if (!PLAIN_NAME.test(name) && NESTED_FIELDS.has(folded(name))) return name;
  }
  return undefined;
}

function misspeltWithin({ messages, tools }: ChatCompletionRequest): string | undefined {
  for (const message of messages) {
    const parts = Array.isArray(message.content) ? message.content : [];
    for (const value of [message, ...parts]) {
      const name = misspelt(value);
      if (name !== undefined) return name;
    }
  }
  for (const tool of tools ?? []) {
    const name = misspelt(tool);
    if (name !== undefined) return name;
  }
  return undefined;
}

function unboundedPart(request: ChatCompletionRequest): string | null {
  const name = misspeltWithin(request);
  if (name !== undefined) return `\`${name}\``;
  for (const { content, audio } of request.messages) {
    // An answer that the provider has kept, of any length.
    if (audio != null) return '`audio` of a message';
    if (!Array.isArray(content)) continue;
    const part = content.find((candidate) => !BOUNDED_PARTS.has(candidate.type));
    if (part !== undefined) return `content part \`${part.type}\``;
  }
  const tool = request.tools?.find((candidate) => !BOUNDED_TOOLS.has(candidate.type));
  if (tool !== undefined) return `tool \`${tool.type}\``;
  const field = UNBOUNDED_FIELDS.find((unbounded) => request[unbounded] != null);
  if (field !== undefined) return `\`${field}\``;
  return LISTED_TIERS.has(request.service_tier) ? null : '`service_tier`';
}

function readEmbeddings(json: unknown, common: Common): Read {
  const parsed = embeddingsRequest.safeParse(json);
  if (!parsed.success) return invalid(parsed.error);
  return {
    ok: true,
    request: {
      ...common,
      endpoint: 'embeddings',
      model: parsed.data.model,
      stream: false,
      wantsUsageChunk: false,
      outputTokensMax: 0,
      choices: 1,
      unboundedBy: null,
      endUser: parsed.data.user ?? null,
    },
  };
}

/**
 * The body as it goes to the provider: byte for byte the client's, but for the model's name at the
 * provider and, in a stream, the usage chunk that metering needs.
 */
export function upstreamBody(request: CallRequest, upstreamModel: string): string | Buffer {
  let { text, scan } = request;
  if (upstreamModel !== request.model) {
    text = withMember(text, scan, 'model', JSON.stringify(upstreamModel));
    scan = scanJson(text);
  }
  if (request.stream && !request.wantsUsageChunk) {
    text = withMember(text, scan, 'stream_options', streamOptions(text, scan));
  }
  // Bytes that are not UTF-8 could be read otherwise over there than here: they go as we read them.
  return text === request.text && isUtf8(request.body) ? request.body : text;
}

function streamOptions(text: string, scan: JsonScan): string {
  const member = scan.members.find((candidate) => candidate.name === 'stream_options');
  const given = member === undefined ? null : JSON.parse(text.slice(member.start, member.end));
  return JSON.stringify({ ...(given as object | null), include_usage: true });
}
