/**
 * What the proxy reads of requests in the OpenAI dialect. Everything else passes through: the
 * provider decides about it. Only what is metered or bounded is checked here.
 */
import { z } from 'zod';
import { shortName } from '../names/names.ts';

/** A limit on output tokens or choices. `null` is what some SDKs send for "not set". */
const positive = z.int().min(1).max(100_000_000).nullish();
const model = shortName;
const endUser = z.string().max(1024).nullish();

const contentPart = z.looseObject({ type: z.string() });
const message = z.looseObject({
  role: z.string(),
  content: z.union([z.string(), z.array(contentPart), z.null()]).optional(),
});
const tool = z.looseObject({ type: z.string() });

export const chatCompletionRequest = z.looseObject({
  model,
  messages: z.array(message).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: positive,
  max_completion_tokens: positive,
  n: positive,
  tools: z.array(tool).nullish(),
  service_tier: z.unknown().optional(),
  user: endUser,
});

export const embeddingsRequest = z.looseObject({
  model,
  input: z.union([z.string(), z.array(z.string()), z.array(z.int()), z.array(z.array(z.int()))]),
  user: endUser,
});
