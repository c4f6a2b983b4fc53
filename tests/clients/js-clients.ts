/** Every client of JavaScript that the matrix has. */
import type { Client } from './client.ts';
import { aiSdkClients } from './js/ai-sdk.ts';
import { anthropicSdk } from './js/anthropic.ts';
import { genAi } from './js/genai.ts';
import { langChainClients } from './js/langchain.ts';
import { openAiChat, openAiResponses } from './js/openai.ts';

export const jsClients: readonly Client[] = [
  ...[openAiChat, openAiResponses, anthropicSdk, genAi],
  ...aiSdkClients,
  ...langChainClients,
];
