/** A refusal in the shape of docs.stripe.com/api/errors. */
export type StripeErrorType =
  | 'api_error'
  | 'card_error'
  | 'idempotency_error'
  | 'invalid_request_error'
  | 'temporary_session_expired';

export class StripeError extends Error {
  readonly status: number;
  readonly type: StripeErrorType;
  readonly code: string | undefined;
  readonly param: string | undefined;

  constructor(
    status: number,
    message: string,
    more: { type?: StripeErrorType; code?: string; param?: string } = {},
  ) {
    super(message);
    this.status = status;
    this.type = more.type ?? 'invalid_request_error';
    this.code = more.code;
    this.param = more.param;
  }

  body(): object {
    const { type, message, code, param } = this;
    const documented =
      code === undefined
        ? {}
        : { doc_url: `https://stripe.com/docs/error-codes/${code.replaceAll('_', '-')}` };
    return {
      error: {
        ...(code === undefined ? {} : { code }),
        ...documented,
        message,
        ...(param === undefined ? {} : { param }),
        type,
      },
    };
  }
}

/** A refusal of what the caller asked for. */
export function invalid(message: string, code?: string, param?: string): StripeError {
  return new StripeError(400, message, {
    ...(code === undefined ? {} : { code }),
    ...(param === undefined ? {} : { param }),
  });
}

/** 404 for the object of the URL, 400 for one that a parameter names. */
export function noSuch(noun: string, id: string, param: string, status: 400 | 404): StripeError {
  return new StripeError(status, `No such ${noun}: '${id}'`, { code: 'resource_missing', param });
}
