/**
 * What the proxy reads of requests in the dialect of Anthropic's Messages API. Everything else passes
 * through: the provider decides about it. Only what is metered or bounded is checked here.
 */
import { z } from 'zod';
import { END_USER_LENGTH_MAX, shortName } from '../names/names.ts';

/** Conversations have hundreds of messages and blocks. */
const LIST_LENGTH_MAX = 100_000;

const block = z.looseObject({ type: z.string() });
const content = z.union([z.string(), z.array(block).max(LIST_LENGTH_MAX)]);

export const messagesRequest = z.looseObject({
  model: shortName,
  max_tokens: z.int().min(0).max(100_000_000),
  messages: z.array(z.looseObject({ role: z.string(), content })).max(LIST_LENGTH_MAX),
  system: content.nullish(),
  stream: z.boolean().nullish(),
  /** A client's own tool may say no type. */
  tools: z
    .array(z.looseObject({ type: z.string().nullish() }))
    .max(LIST_LENGTH_MAX)
    .nullish(),
  metadata: z.looseObject({ user_id: z.string().max(END_USER_LENGTH_MAX).nullish() }).nullish(),
  service_tier: z.string().nullish(),
});

/** It has no output, so it states no limit of one. */
export const countTokensRequest = messagesRequest.omit({ max_tokens: true });

export type MessagesRequest = z.infer<typeof messagesRequest>;
