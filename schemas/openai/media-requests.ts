/**
 * What the proxy reads of requests for moderation, pictures and speech, in the OpenAI dialect. Everything else
 * passes through: the provider decides about it.
 */
import { z } from 'zod';
import { END_USER_LENGTH_MAX, shortName } from '../names/names.ts';

const user = z.string().max(END_USER_LENGTH_MAX).nullish();
/** Of pictures in one call; providers draw ten. */
const PICTURES_MAX = 1_000;

export const moderationRequest = z.looseObject({
  model: shortName.nullish(),
  input: z.custom<unknown>(
    (value) => typeof value === 'string' || Array.isArray(value),
    'expected text, or a list',
  ),
  user,
});

/** As JSON has them; a form has the same as text. */
export const imageRequest = z.looseObject({
  model: shortName,
  prompt: z.string().optional(),
  n: z.int().min(1).max(PICTURES_MAX).nullish(),
  size: z.string().max(32).nullish(),
  quality: z.string().max(32).nullish(),
  stream: z.boolean().nullish(),
  partial_images: z.int().min(0).max(100).nullish(),
  images: z.array(z.unknown()).max(1_000).nullish(),
  image: z.unknown().optional(),
  mask: z.unknown().optional(),
  user,
});

export type ImageRequest = z.infer<typeof imageRequest>;

export const speechRequest = z.looseObject({
  model: shortName,
  input: z.string().min(1),
  instructions: z.string().nullish(),
  stream_format: z.string().max(32).nullish(),
  user,
});

export const transcriptRequest = z.looseObject({
  model: shortName,
  stream: z.boolean().nullish(),
  user,
});
