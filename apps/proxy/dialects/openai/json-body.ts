/**
 * The JSON body of a request: read once, with an upper bound of the tokens in it, and written again
 * for the provider with no byte changed but the members that have to be.
 */
import { isUtf8 } from 'node:buffer';
import type { z } from 'zod';
import type { Refusal } from '../../errors.ts';
import { type JsonScan, memberOf, type Range, scanJson } from '../../relay/json-scan.ts';

/** Tokens that a provider may add around any request (role markers, reply priming). */
const FRAMING_TOKENS = 128;

/** Fields that make a provider search, think elsewhere or fall back to another model. */
export const UNBOUNDED_FIELDS = [
  ...['web_search_options', 'search_parameters', 'enable_search', 'search_settings', 'plugins'],
  // Other models than the one that is priced, at gateways behind this one.
  ...['models', 'fallbacks'],
  // Gemini's cached content, Azure's own data, OpenRouter's presets: input from elsewhere. So is a
  // conversation that the provider has stored: 230,000 tokens from a short body (coder/xum#2822).
  ...['extra_body', 'cached_content', 'data_sources', 'preset'],
  ...['previous_response_id', 'conversation'],
  // Rejected parts of a prediction are billed as output beyond the limit; a provider rewrites the
  // functions of before there were tools, and no text says into how many tokens.
  ...['prediction', 'functions'],
];
/** Fields that decide what is billed: the body may have each of them once. */
const BILLED_NAMES = [
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
];
/** With a bit for each: all of them fit in one integer. */
export type BilledFields = ReadonlyMap<string, number>;

/** @param names 31 at most */
export function billedFields(names: readonly string[]): BilledFields {
  return new Map(names.map((name, bit) => [name, 1 << bit]));
}

const BILLED_FIELDS = billedFields(BILLED_NAMES);

export type JsonBody = {
  /**
   * As a provider gets them, in UTF-8: bytes that came in no encoding could be read otherwise over
   * there than here, so what goes is what was read.
   */
  bytes: Buffer;
  scan: JsonScan;
  /** A token holds at least one byte of what is sent; framing is smaller than its JSON syntax. */
  tokensMax: number;
};

export type BodyRead = { ok: true; json: unknown; body: JsonBody } | Refused;
export type Refused = { ok: false; refusal: Refusal };

/** @param billed members that decide the bill: the body may have each of them once */
export function readJsonBody(
  received: Buffer,
  depthMax: number,
  billed: BilledFields = BILLED_FIELDS,
): BodyRead {
  const text = received.toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refused({ code: 'invalid_json' });
  }
  // Each byte that is no text has become a replacement character, of three bytes.
  const bytes = isUtf8(received) ? received : Buffer.from(text);
  const scan = scanJson(bytes, text);
  if (scan.depth > depthMax) return refused({ code: 'json_too_deep' });
  const twice = billedTwice(scan, billed);
  if (twice !== undefined) return refused({ code: 'ambiguous_json', param: twice });
  return { ok: true, json, body: { bytes, scan, tokensMax: bytes.length + FRAMING_TOKENS } };
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

type Names = { has(name: string): boolean };

const PLAIN_NAME = /^[a-z0-9_]*$/;

/**
 * A field that decides the bill and is in the body more than once, or in another spelling: Go's
 * encoding/json takes names without regard to case, and the last one counts.
 */
function billedTwice(scan: JsonScan, billed: BilledFields): string | undefined {
  let seen = 0;
  for (const { name } of scan.members) {
    const bit = billed.get(name);
    if (bit === undefined) {
      if (isSpellingOf(name, billed)) return name;
      continue;
    }
    if ((seen & bit) !== 0) return name;
    seen |= bit;
  }
  return undefined;
}

/** True if a parser that takes names without regard to case may take `name` for one of the fields. */
export function isSpellingOf(name: string, fields: Names): boolean {
  return !PLAIN_NAME.test(name) && fields.has(folded(name));
}

/** Upper case first: the long s (U+017F) is an s there, and the Kelvin sign a k in lower case. */
function folded(name: string): string {
  return name.toUpperCase().toLowerCase();
}

/** Where a top-level member is; the whole body if it has no such member. */
export function memberRange({ bytes, scan }: JsonBody, name: string): Range {
  const { start, end } = memberOf(scan, name) ?? { start: 0, end: bytes.length };
  return { start, end };
}
