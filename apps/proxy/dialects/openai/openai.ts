/** OpenAI's dialect, as its SDKs and many other providers speak it. */
import type { Dialect } from '../dialect.ts';
import { atDeployment } from './azure-paths.ts';
import { chatCompletions } from './chat-request.ts';
import { completions } from './completions-request.ts';
import { embeddings } from './embeddings-request.ts';
import { errorBody } from './error-body.ts';
import { imageEdits, imageGenerations } from './media/images-request.ts';
import { moderations } from './media/moderations-request.ts';
import { speech } from './media/speech-request.ts';
import { transcriptions, translations } from './media/transcripts-request.ts';
import { modelEntry, modelList } from './model-list.ts';
import { inputTokens } from './responses/input-tokens.ts';
import { responses } from './responses/responses-request.ts';
import { storedResponses } from './responses/stored-responses.ts';

export const openAi: Dialect = {
  name: 'openai',
  prefixes: ['/openai'],
  endpoints: [
    ...[chatCompletions, embeddings, responses, completions, moderations],
    ...[imageGenerations, imageEdits, speech, transcriptions, translations],
  ],
  atDeployments: [chatCompletions, embeddings, completions, imageGenerations, speech].map(
    atDeployment,
  ),
  free: [inputTokens],
  stored: storedResponses,
  models: {
    path: '/v1/models',
    aliases: ['/openai/models'],
    list: modelList,
    entry: modelEntry,
    // Who says nothing else is taken for one of the many that speak it.
    isAskedBy: () => true,
  },
  errorBody,
};
