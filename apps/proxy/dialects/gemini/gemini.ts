/** Gemini's dialect, as Google's SDKs and its command line speak it. */
import type { Dialect } from '../dialect.ts';
import { countTokens } from './count-tokens.ts';
import { batchEmbedContents, embedContent } from './embed-request.ts';
import { errorBody } from './error-body.ts';
import { generateContent, streamGenerateContent } from './generate-request.ts';
import { modelEntry, modelList } from './model-list.ts';
import { MODELS_PATH } from './target.ts';

export const gemini: Dialect = {
  name: 'gemini',
  prefixes: ['/gemini'],
  endpoints: [generateContent, streamGenerateContent, embedContent, batchEmbedContents],
  free: [countTokens],
  models: {
    path: MODELS_PATH,
    list: modelList,
    entry: modelEntry,
    isAskedBy: () => true,
  },
  keyParameter: 'key',
  errorBody,
};
