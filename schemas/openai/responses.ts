/**
 * What the proxy reads of requests to OpenAI's Responses API. Everything else passes through: the provider
 * decides about it. Only what is metered or bounded is checked here.
 */
import { z } from 'zod';
import { END_USER_LENGTH_MAX, shortName } from '../names/names.ts';
import { list } from './requests.ts';

const endUserName = z.string().max(END_USER_LENGTH_MAX).nullish();
const part = z.looseObject({ type: z.string() });
const parts = z.union([z.string(), list(part), z.null()]).optional();

/** A message, a call of a tool and its output, reasoning, or what is stored at the provider. */
const item = z.looseObject({
  type: z.string().nullish(),
  role: z.string().nullish(),
  content: parts,
  output: z.unknown().optional(),
});

export const responsesRequest = z.looseObject({
  model: shortName,
  input: z.union([z.string(), list(item), z.null()]).optional(),
  instructions: z.union([z.string(), list(item), z.null()]).optional(),
  stream: z.boolean().nullish(),
  background: z.boolean().nullish(),
  max_output_tokens: z.int().min(1).max(100_000_000).nullish(),
  tools: list(part).nullish(),
  service_tier: z.unknown().optional(),
  user: endUserName,
  safety_identifier: endUserName,
});

export type ResponsesRequest = z.infer<typeof responsesRequest>;
export type ResponsesItem = z.infer<typeof item>;
