/** Calls of every endpoint of every dialect. */
import { anthropicSeeds } from './anthropic.ts';
import { geminiSeeds } from './gemini.ts';
import { openAiSeeds } from './openai.ts';
import { responsesSeeds } from './responses.ts';
import type { Seed } from './seed.ts';

export const seeds: readonly Seed[] = [
  ...openAiSeeds,
  ...responsesSeeds,
  ...anthropicSeeds,
  ...geminiSeeds,
];
