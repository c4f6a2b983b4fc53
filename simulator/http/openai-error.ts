/** Errors in OpenAI's shape: `{"error": {"message", "type", "param", "code"}}`. */
export class ApiError extends Error {
  readonly status: number;
  readonly type: string;
  readonly code: string | null;
  readonly param: string | null;

  constructor(
    status: number,
    message: string,
    code: string | null = null,
    param: string | null = null,
  ) {
    super(message);
    this.status = status;
    this.type = typeOf(status);
    this.code = code;
    this.param = param;
  }

  body(): string {
    const { message, type, param, code } = this;
    return JSON.stringify({ error: { message, type, param, code } });
  }
}

function typeOf(status: number): string {
  if (status === 429) return 'requests';
  if (status === 529) return 'overloaded_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}

/** A 400 that names the parameter at fault. */
export function invalid(param: string, message: string, code = 'invalid_value'): ApiError {
  return new ApiError(400, message, code, param);
}

const faultTexts: Readonly<Record<number, readonly [code: string, message: string]>> = {
  429: ['rate_limit_exceeded', 'Rate limit reached for requests. Please try again later.'],
  500: ['internal_error', 'The server had an error while processing your request. Sorry!'],
  502: ['bad_gateway', 'Bad gateway.'],
  503: ['service_unavailable', 'The engine is currently overloaded, please try again later.'],
  504: ['gateway_timeout', 'Gateway timeout.'],
  529: ['overloaded', 'Overloaded.'],
};

/** The error that a provider answers with `status` when it fails by itself. */
export function providerFailure(status: number): ApiError {
  const [code, message] = faultTexts[status] ?? ['internal_error', 'The server had an error.'];
  return new ApiError(status, message, code);
}
