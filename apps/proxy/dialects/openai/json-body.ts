/**
 * The JSON body of a request: read once, with an upper bound of the tokens in it, and written again
 * for the provider with no byte changed but the members that have to be.
 */
import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import type { Refusal } from '../../errors.ts';
import { type JsonScan, scanJson, withMember } from '../../relay/json-scan.ts';

/** Tokens that a provider may add around any request (role markers, reply priming). */
const FRAMING_TOKENS = 128;

/** Fields that make a provider search, think elsewhere or fall back to another model. */
export const UNBOUNDED_FIELDS = [
  ...['web_search_options', 'search_parameters', 'plugins', 'models'],
  // Gemini's cached content, Azure's own data, OpenRouter's presets: input from elsewhere.
  ...['extra_body', 'cached_content', 'data_sources', 'preset'],
  // Rejected parts of a prediction are billed as output beyond the limit; a provider rewrites the
  // functions of before there were tools, and no text says into how many tokens.
  ...['prediction', 'functions'],
];
/** Fields that decide what is billed: the body may have each of them once. */
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

export type JsonBody = {
  bytes: Buffer;
  text: string;
  scan: JsonScan;
  /** A token holds at least one byte of what is sent; framing is smaller than its JSON syntax. */
  tokensMax: number;
};

export type BodyRead = { ok: true; json: unknown; body: JsonBody } | Refused;
export type Refused = { ok: false; refusal: Refusal };

export function readJsonBody(bytes: Buffer, depthMax: number): BodyRead {
  const text = bytes.toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refused({ code: 'invalid_json' });
  }
  const scan = scanJson(text);
  if (scan.depth > depthMax) return refused({ code: 'json_too_deep' });
  const twice = billedTwice(scan);
  if (twice !== undefined) return refused({ code: 'ambiguous_json', param: twice });
  // Bytes that are not UTF-8 are sent as replacement characters, of three bytes each.
  const sentBytes = Math.max(bytes.length, Buffer.byteLength(text));
  return { ok: true, json, body: { bytes, text, scan, tokensMax: sentBytes + FRAMING_TOKENS } };
}

function refused(refusal: Refusal): Refused {
  return { ok: false, refusal };
}

/** What the schema says against a request, by its first objection. */
export function invalidRequest(error: z.ZodError): Refused {
  const issue = error.issues[0];
  const param = issue?.path.join('.') ?? '';
  const message = `Invalid request: ${param === '' ? '' : `\`${param}\`: `}${issue?.message ?? ''}.`;
  return refused({ code: 'invalid_request', param, message });
}

const PLAIN_NAME = /^[a-z0-9_]*$/;

/**
 * A field that decides the bill and is in the body more than once, or in another spelling: Go's
 * encoding/json takes names without regard to case, and the last one counts.
 */
function billedTwice(scan: JsonScan): string | undefined {
  const seen = new Set<string>();
  for (const { name } of scan.members) {
    if (!BILLED_FIELDS.has(name)) {
      if (isSpellingOf(name, BILLED_FIELDS)) return name;
      continue;
    }
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/** True if a parser that takes names without regard to case may take `name` for one of the fields. */
export function isSpellingOf(name: string, fields: ReadonlySet<string>): boolean {
  return !PLAIN_NAME.test(name) && fields.has(folded(name));
}

/** Upper case first: the long s (U+017F) is an s there, and the Kelvin sign a k in lower case. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** The text with another name of the model. */
export function withModel({ text, scan }: JsonBody, model: string): string {
  return withMember(text, scan, 'model', JSON.stringify(model));
}

/** Bytes that are not UTF-8 could be read otherwise over there than here: they go as we read them. */
export function asSent(body: JsonBody, text: string): string | Buffer {
  return text === body.text && isUtf8(body.bytes) ? body.bytes : text;
}

/** Text of a top-level member; of the whole body if it has no such member. */
export function memberText({ text, scan }: JsonBody, name: string): string {
  const member = scan.members.find((candidate) => candidate.name === name);
  return member === undefined ? text : text.slice(member.start, member.end);
}
