/** An error of the gateway's own, in the form that OpenAI's SDKs read. */
import { type ErrorCode, errorCatalogue, type Refusal } from '../../errors.ts';

/** Texts that can name the field of the request which helps. */
const MESSAGES: { readonly [C in ErrorCode]?: string } = {
  output_limit_required:
    'This model has no known output limit and this key has a hard budget: set `max_completion_tokens`.',
};

export function errorBody(refusal: Refusal): string {
  const { status, message } = errorCatalogue[refusal.code];
  return JSON.stringify({
    error: {
      message: refusal.message ?? MESSAGES[refusal.code] ?? message,
      type: errorType(status),
      param: refusal.param ?? null,
      code: refusal.code,
      ...refusal.limit,
      ...(refusal.remedy === undefined ? {} : { remedy: refusal.remedy }),
    },
  });
}

function errorType(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 402:
      return 'insufficient_quota';
    case 403:
      return 'permission_error';
    case 429:
      return 'rate_limit_error';
    default:
      return status < 500 ? 'invalid_request_error' : 'api_error';
  }
}
