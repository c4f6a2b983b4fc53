/**
 * What the proxy reads of requests in Gemini's dialect, once their members have the names of its
 * documentation. Everything else passes through: the provider decides about it. Only what is metered or
 * bounded is checked here.
 */
import { z } from 'zod';
import { shortText } from '../names/names.ts';

/** Conversations have hundreds of turns and parts. */
const LIST_LENGTH_MAX = 100_000;

const fields = z.looseObject({});
/** Google takes one where there may be several. */
const oneOrMore = <T extends z.ZodType>(element: T) =>
  z.union([z.array(element).max(LIST_LENGTH_MAX), element]);

/** A whole number, or its text: JSON of protocol buffers has both. */
const count = z
  .union([z.int(), z.string().regex(/^\d{1,9}$/)])
  .transform((value, context) => {
    const read = typeof value === 'number' ? value : Number.parseInt(value, 10);
    if (read >= 1 && read <= 100_000_000) return read;
    context.addIssue({ code: 'custom', message: 'expected a positive number' });
    return z.NEVER;
  })
  .nullish();

const content = z.looseObject({ parts: oneOrMore(fields).nullish() });

export const generateContentRequest = z.looseObject({
  model: shortText.nullish(),
  contents: z.union([z.array(content).max(LIST_LENGTH_MAX), content]),
  systemInstruction: content.nullish(),
  tools: oneOrMore(fields).nullish(),
  generationConfig: z
    .looseObject({
      maxOutputTokens: count,
      candidateCount: count,
      responseModalities: z.array(z.string()).nullish(),
    })
    .nullish(),
  cachedContent: z.string().nullish(),
  serviceTier: shortText.nullish(),
});

export const embedContentRequest = z.looseObject({ model: shortText.nullish(), content });

export const batchEmbedContentsRequest = z.looseObject({
  requests: z.array(embedContentRequest).min(1).max(LIST_LENGTH_MAX),
});

/** What is counted is in one of two places. */
export const countTokensRequest = z.looseObject({
  model: shortText.nullish(),
  generateContentRequest: z.looseObject({ model: shortText.nullish() }).nullish(),
});

export type GenerateContentRequest = z.infer<typeof generateContentRequest>;
export type EmbedContentRequest = z.infer<typeof embedContentRequest>;
