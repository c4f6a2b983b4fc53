/** `guardrails` of `tollgate.yaml`: what is asked of calls besides budgets and rates. */
import { z } from 'zod';
import { shortName } from '../names/names.ts';
import { secret } from './engines-config.ts';

/** A pattern is compiled at every start, and each text of a call is looked through for each of them. */
const PATTERNS_MAX = 64;
const names = (most: number) => z.array(shortName).min(1).max(most);

const headerName = z
  .string()
  .regex(/^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/, 'the name of a header')
  .transform((name) => name.toLowerCase());

const word = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and -');

const namedPattern = z.strictObject({
  /** What refusals and labels call it. */
  name: word,
  /** In RE2's syntax: no look-around, no back references. */
  pattern: z.string().min(1).max(1_000),
  ignore_case: z.boolean().default(false),
});

const personalDataKind = z.enum(['email', 'phone', 'card', 'iban', 'ssn', 'ipv4']);

const webhook = z.strictObject({
  /** https, unless `webhooks.allow` lists it. */
  url: z.url({ protocol: /^https?$/, error: 'write an https URL' }).max(2_048),
  /** `whsec_…`, by which requests are signed (Standard Webhooks). */
  secret,
  on: z
    .array(z.enum(['request', 'answer']))
    .min(1)
    .max(2)
    .default(['request']),
  /** For one question, from the look-up of the name to the end of the answer. */
  timeout_ms: z.int().min(50).max(30_000).default(2_000),
  /** What becomes of a call that the webhook did not decide about in time. */
  when_unavailable: z.enum(['open', 'closed']).default('closed'),
});

export const guardrail = z
  .strictObject({
    /** The calls that fit all that is stated here. Default: all calls. */
    applies_to: z
      .strictObject({
        customers: names(1_000).optional(),
        teams: names(1_000).optional(),
        keys: names(1_000).optional(),
        environments: names(64).optional(),
        /** Tags that the key has: so keys opt in and out through the API. */
        tags: z.record(shortName, z.string().max(256)).default({}),
      })
      .default({ tags: {} }),
    require: z
      .strictObject({
        headers: z.array(headerName).max(32).default([]),
        /** Members of the request's own `metadata`. */
        metadata: z.array(shortName).max(32).default([]),
        tags: z.array(shortName).max(32).default([]),
        end_user: z.boolean().default(false),
      })
      .default({ headers: [], metadata: [], tags: [], end_user: false }),
    caps: z
      .strictObject({
        request_bytes: z.int().min(1).max(1_000_000_000).optional(),
        /** A call that states no output limit is refused too. */
        output_tokens: z.int().min(0).max(1_000_000_000).optional(),
      })
      .default({}),
    deny: z.array(namedPattern).max(PATTERNS_MAX).default([]),
    redact: z
      .array(z.union([personalDataKind, namedPattern]))
      .max(PATTERNS_MAX)
      .default([]),
    webhook: webhook.optional(),
  })
  .refine(
    asksForAnything,
    'asks for nothing: state `require`, `caps`, `deny`, `redact` or `webhook`',
  );

export const guardrails = z
  .record(word, guardrail)
  .refine((all) => Object.keys(all).length <= GUARDRAILS_MAX, 'there are at most 64 guardrails');

const GUARDRAILS_MAX = 64;

type Given = {
  require: { headers: unknown[]; metadata: unknown[]; tags: unknown[]; end_user: boolean };
  caps: object;
  deny: unknown[];
  redact: unknown[];
  webhook?: object | undefined;
};

function asksForAnything({ require, caps, deny, redact, webhook: asked }: Given): boolean {
  const { headers, metadata, tags, end_user } = require;
  const lists = [headers, metadata, tags, deny, redact, Object.keys(caps)];
  return lists.some(({ length }) => length > 0) || end_user || asked !== undefined;
}

export type GuardrailConfig = z.infer<typeof guardrail>;
