/** An error of the gateway's own, in the form that Google's SDKs read (google.rpc.Status). */
import { errorCatalogue, type Refusal } from '../../errors.ts';

export function errorBody(refusal: Refusal): string {
  const { status, message } = errorCatalogue[refusal.code];
  const metadata: Record<string, unknown> = {
    ...(refusal.param === undefined ? {} : { param: refusal.param }),
    ...refusal.limit,
    ...(refusal.remedy === undefined ? {} : { remedy: refusal.remedy }),
  };
  return JSON.stringify({
    error: {
      code: status,
      message: refusal.message ?? MESSAGES[refusal.code] ?? message,
      status: STATUSES.get(status) ?? (status < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL'),
      details: [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: refusal.code.toUpperCase(),
          domain: 'tollgate',
          metadata: Object.fromEntries(
            Object.entries(metadata)
              .filter(([, value]) => value !== null && value !== undefined)
              .map(([name, value]) => [name, textOf(value)]),
          ),
        },
      ],
    },
  });
}

/** Texts that can name the field of the request, or the header, which helps. */
const MESSAGES: { readonly [C in Refusal['code']]?: string } = {
  missing_api_key: 'No API key. Send it as `x-goog-api-key: tg_…`.',
  output_limit_required:
    'This model has no known output limit and this key has a hard budget: set `generationConfig.maxOutputTokens`.',
};

/** google.rpc.Code, as Google maps them to HTTP; what is to be paid for is used up. */
const STATUSES: ReadonlyMap<number, string> = new Map([
  [401, 'UNAUTHENTICATED'],
  [402, 'RESOURCE_EXHAUSTED'],
  [403, 'PERMISSION_DENIED'],
  [404, 'NOT_FOUND'],
  [405, 'UNIMPLEMENTED'],
  [408, 'DEADLINE_EXCEEDED'],
  [409, 'ABORTED'],
  [429, 'RESOURCE_EXHAUSTED'],
  [503, 'UNAVAILABLE'],
  [504, 'DEADLINE_EXCEEDED'],
]);

/** Of `metadata` every value is a text. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
