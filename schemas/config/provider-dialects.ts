/** How a provider is spoken to: its languages on the wire, and how it is shown its key. */
import { z } from 'zod';
import { secret } from './engines-config.ts';

/** Languages on the wire that this gateway speaks. */
export const dialectNames = ['openai', 'anthropic', 'gemini'] as const;
export type DialectName = (typeof dialectNames)[number];

/** The header that carries a provider's key. `bearer`: `authorization`. */
export const authStyles = ['bearer', 'x-api-key', 'x-goog-api-key', 'api-key'] as const;
export type AuthStyle = (typeof authStyles)[number];

/** As each dialect's own clients show a key. */
export const OWN_AUTH: Readonly<Record<DialectName, AuthStyle>> = {
  openai: 'bearer',
  anthropic: 'x-api-key',
  gemini: 'x-goog-api-key',
};

/** Headers that this gateway sets itself, or that belong to one connection. */
const OWN_HEADERS = new Set([
  ...['authorization', 'x-api-key', 'x-goog-api-key', 'api-key', 'host', 'connection'],
  ...['content-length', 'content-type', 'content-encoding', 'transfer-encoding', 'accept'],
  ...['accept-encoding', 'expect', 'upgrade', 'te', 'trailer', 'keep-alive', 'cookie'],
]);

const headerName = z
  .string()
  .regex(/^[a-z0-9-]{1,64}$/, 'lower-case letters, digits and -')
  .refine((name) => !OWN_HEADERS.has(name), 'this header is set by the gateway itself');

const HEADERS_MAX = 16;

export const providerDialects = {
  /** What it speaks at its base URL. A call of another dialect is translated to the first of them. */
  dialects: z
    .array(z.enum(dialectNames))
    .min(1)
    .refine((names) => new Set(names).size === names.length, 'lists a dialect twice')
    .default(['openai']),
  /** False: a call goes there in the provider's own dialects or not at all. */
  translates: z.boolean().optional(),
  /** Default: as each dialect's own clients do: `bearer`, `x-api-key` or `x-goog-api-key`. */
  auth: z.enum(authStyles).optional(),
  /**
   * Of Azure's older interface, whose paths name the deployment: `base_url` ends in `/openai`, and each request
   * has this version in its query. Its `/openai/v1` has neither.
   */
  api_version: z
    .string()
    .regex(/^[A-Za-z0-9.-]{1,40}$/, 'a version of the interface, such as 2024-10-21')
    .optional(),
  /** More headers that each request to it gets, such as `anthropic-beta` or an account's project. */
  headers: z
    .record(headerName, secret)
    .refine((headers) => Object.keys(headers).length <= HEADERS_MAX, `at most ${HEADERS_MAX}`)
    .default({}),
};
