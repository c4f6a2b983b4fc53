/** Every dialect that the gateway speaks. Its routes follow from this list. */
import { anthropic } from './anthropic/anthropic.ts';
import type { Dialect } from './dialect.ts';
import { gemini } from './gemini/gemini.ts';
import { embedding as openAiEmbedding } from './openai/embedding-text.ts';
import { openAi } from './openai/openai.ts';
import { background as openAiBackground } from './openai/responses/background.ts';

/** Of errors where no endpoint says what the client speaks, as on a path that nobody serves. */
export const houseDialect: Dialect = openAi;

/** Of those that have a path in common, the first that knows its own clients is asked. */
export const dialects: readonly Dialect[] = [anthropic, gemini, openAi];

/** What goes on without its call. One dialect has it. */
export const background = openAiBackground;

/** The vector of a text, as this gateway asks for it itself. */
export const embedding = openAiEmbedding;
