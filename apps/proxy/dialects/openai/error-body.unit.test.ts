import { expect, it } from 'vitest';
import { type ErrorCode, errorCatalogue } from '../../errors.ts';
import { errorBody } from './error-body.ts';

it('an error has the form that OpenAI’s SDKs read, byte for byte', () => {
  expect(errorBody({ code: 'invalid_json' })).toBe(
    '{"error":{"message":"The request body is not valid JSON.","type":"invalid_request_error","param":null,"code":"invalid_json"}}',
  );
  const limit = { scope: 'key', resets_at: null };
  expect(errorBody({ code: 'budget_exceeded', message: 'No.', param: 'n', limit })).toBe(
    '{"error":{"message":"No.","type":"insufficient_quota","param":"n","code":"budget_exceeded","scope":"key","resets_at":null}}',
  );
});

it('names no field where the whole body is at fault, and says no more than it was told', () => {
  const { error } = JSON.parse(errorBody({ code: 'invalid_request', param: '', message: '' })) as {
    error: { param: string; message: string };
  };
  expect([error.param, error.message]).toEqual(['', '']);
});

it('says the field that sets an output limit', () => {
  const { error } = JSON.parse(errorBody({ code: 'output_limit_required' })) as {
    error: { message: string };
  };
  expect(error.message).toBe(
    'This model has no known output limit and this key has a hard budget: set `max_completion_tokens`.',
  );
});

it('each has the type that its status stands for', () => {
  const types = new Map<number, Set<string>>();
  for (const code of Object.keys(errorCatalogue) as ErrorCode[]) {
    const { error } = JSON.parse(errorBody({ code })) as { error: { type: string } };
    const { status } = errorCatalogue[code];
    types.set(status, (types.get(status) ?? new Set()).add(error.type));
  }
  const invalid = ['invalid_request_error'];
  expect(Object.fromEntries([...types].map(([status, names]) => [status, [...names]]))).toEqual({
    401: ['authentication_error'],
    402: ['insufficient_quota'],
    403: ['permission_error'],
    429: ['rate_limit_error'],
    ...{ 400: invalid, 404: invalid, 405: invalid, 413: invalid, 415: invalid },
    ...{ 408: invalid, 409: invalid, 421: invalid, 431: invalid },
    ...{ 500: ['api_error'], 502: ['api_error'], 503: ['api_error'], 504: ['api_error'] },
  });
});
