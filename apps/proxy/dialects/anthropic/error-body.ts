/** An error of the gateway's own, in the form that Anthropic's SDKs read. */
import { errorCatalogue, type Refusal } from '../../errors.ts';

export function errorBody(refusal: Refusal): string {
  const { status, message } = errorCatalogue[refusal.code];
  return JSON.stringify({
    type: 'error',
    error: {
      type: TYPES.get(status) ?? (status < 500 ? 'invalid_request_error' : 'api_error'),
      message: refusal.message ?? message,
      code: refusal.code,
      ...(refusal.param === undefined ? {} : { param: refusal.param }),
      ...refusal.limit,
      ...(refusal.remedy === undefined ? {} : { remedy: refusal.remedy }),
    },
  });
}

/** As in https://docs.claude.com/en/api/errors. */
const TYPES: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
]);
