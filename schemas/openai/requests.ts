/**
 * What the proxy reads of requests in the OpenAI dialect. Everything else passes through: the
 * provider decides about it. Only what is metered or bounded is checked here.
 */
import { z } from 'zod';
import { END_USER_LENGTH_MAX, shortName } from '../names/names.ts';

/** Conversations have hundreds of messages and parts, requests tens of tools. */
const LIST_LENGTH_MAX = 100_000;

/** A list that is judged up to its first bad element, so that a million bad ones cost no more. */
export function list<T extends z.ZodType>(element: T, { min = 0 } = {}) {
  return z
    .custom<unknown[]>(Array.isArray, 'Invalid input: expected array')
    .transform((items, context): z.output<T>[] => {
      const isLong = items.length > LIST_LENGTH_MAX;
      if (isLong || items.length < min) {
        const bound = isLong ? `at most ${LIST_LENGTH_MAX}` : `at least ${min}`;
        context.addIssue({ code: 'custom', message: `expected ${bound} elements` });
        return z.NEVER;
      }
      const read: z.output<T>[] = [];
      for (const [index, item] of items.entries()) {
        const parsed = element.safeParse(item);
        if (!parsed.success) {
          const { message, path } = parsed.error.issues[0] as z.core.$ZodIssue;
          context.addIssue({ code: 'custom', message, path: [index, ...path] });
          return z.NEVER;
        }
        read.push(parsed.data);
      }
      return read;
    });
}

/** Texts, or tokens: one input or several. */
function isEmbeddingsInput(value: unknown): boolean {
  if (typeof value === 'string') return true;
  if (!Array.isArray(value)) return false;
  if (value.every((item) => typeof item === 'string')) return true;
  return value.every(Number.isSafeInteger) || value.every(isTokens);
}

function isTokens(value: unknown): boolean {
  return Array.isArray(value) && value.every(Number.isSafeInteger);
}

/** A limit on output tokens or choices. `null` is what some SDKs send for "not set". */
const positive = z.int().min(1).max(100_000_000).nullish();
const model = shortName;
const endUserName = z.string().max(END_USER_LENGTH_MAX).nullish();
const endUser = { user: endUserName, safety_identifier: endUserName };

const contentPart = z.looseObject({ type: z.string() });
const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), list(contentPart), z.null()]).optional(),
});
const tool = z.looseObject({ type: z.string() });

export const chatCompletionRequest = z.looseObject({
  model,
  messages: list(message, { min: 1 }),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: positive,
  max_completion_tokens: positive,
  n: positive,
  tools: list(tool).nullish(),
  service_tier: z.unknown().optional(),
  ...endUser,
});

export const completionsRequest = z.looseObject({
  model,
  prompt: z
    .custom<unknown>(
      (value) => value === undefined || value === null || isEmbeddingsInput(value),
      'expected text or tokens, or lists of them',
    )
    .optional(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: z.int().min(0).max(100_000_000).nullish(),
  n: positive,
  best_of: positive,
  service_tier: z.unknown().optional(),
  ...endUser,
});

export const embeddingsRequest = z.looseObject({
  model,
  input: z.custom<string | unknown[]>(
    isEmbeddingsInput,
    'expected text or tokens, or lists of them',
  ),
  ...endUser,
});
