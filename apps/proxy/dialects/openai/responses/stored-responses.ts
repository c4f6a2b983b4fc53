/** What is asked of responses that a provider has stored. */
import type { StoredEndpoint } from '../../dialect.ts';
import { errorBody } from '../error-body.ts';

const path = '/v1/responses/:id';

export const storedResponses: readonly StoredEndpoint[] = [
  {
    ...{ method: 'GET', path, name: 'responses.retrieve', errorBody },
    query: ['include', 'include[]', 'stream', 'starting_after', 'include_obfuscation'],
  },
  { method: 'DELETE', path, name: 'responses.delete', forgets: true, query: [], errorBody },
  { method: 'POST', path: `${path}/cancel`, name: 'responses.cancel', query: [], errorBody },
  {
    ...{ method: 'GET', path: `${path}/input_items`, name: 'responses.input_items', errorBody },
    query: ['after', 'before', 'limit', 'order', 'include', 'include[]'],
  },
];
