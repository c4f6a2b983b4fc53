/** Anthropic's dialect: the Messages API, as its SDKs and the coding agents on it speak it. */
import type { Dialect } from '../dialect.ts';
import { countTokens } from './count-tokens.ts';
import { errorBody } from './error-body.ts';
import { messages } from './messages-request.ts';
import { modelEntry, modelList } from './model-list.ts';

export const anthropic: Dialect = {
  name: 'anthropic',
  prefixes: ['/anthropic'],
  endpoints: [messages],
  free: [countTokens],
  models: {
    path: '/v1/models',
    list: modelList,
    entry: modelEntry,
    isAskedBy: (headers) => headers['anthropic-version'] !== undefined,
  },
  errorBody,
};
