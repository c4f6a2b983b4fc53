/**
 * The error catalogue of the billing API (RFC 9457): every failure that it answers with, by whose it is
 * (`problems/`). All text here is public. Internal details travel as `cause`, which reaches the log and
 * never a response.
 */
import type { ErrorEntry } from './problems/entry.ts';
import { ofTheRequest } from './problems/of-the-request.ts';
import { ofTheState } from './problems/of-the-state.ts';
import { ofUs } from './problems/of-us.ts';
import { ofWhatIsAbsent } from './problems/of-what-is-absent.ts';

export const errorCatalogue = {
  ...ofTheRequest,
  ...ofWhatIsAbsent,
  ...ofTheState,
  ...ofUs,
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

export type FieldError = { path: string; message: string };

export type ProblemDetails = {
  /** What is special about this occurrence. Public. */
  detail?: string;
  errors?: readonly FieldError[];
  /** Further members of the problem body. Public. */
  extra?: Record<string, unknown>;
  /** For the log alone. */
  cause?: unknown;
};

/** A refusal on its way to the client. Thrown by handlers, answered by `app.ts`. */
export class ApiProblem extends Error {
  readonly code: ErrorCode;
  readonly details: ProblemDetails;

  constructor(code: ErrorCode, details: ProblemDetails = {}) {
    super(details.detail ?? errorCatalogue[code].title, { cause: details.cause });
    this.name = 'ApiProblem';
    this.code = code;
    this.details = details;
  }
}

/** Body of a problem (RFC 9457); `type` leads to the entry of the catalogue at /docs. */
export function problemBody(problem: ApiProblem, requestId: string): Record<string, unknown> {
  const { status, title, retryable, action } = errorCatalogue[problem.code];
  const { detail, errors, extra } = problem.details;
  return {
    type: `/docs#error-${problem.code}`,
    title,
    status,
    code: problem.code,
    ...(detail === undefined ? {} : { detail }),
    retryable,
    action,
    ...(errors === undefined ? {} : { errors }),
    ...extra,
    request_id: requestId,
  };
}
