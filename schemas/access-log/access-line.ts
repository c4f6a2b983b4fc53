/** One line of a proxy's access log: one call of a known key, when it has ended. No content of it. */
import { z } from 'zod';

const tokens = z.int().min(0).nullable();
const milliseconds = z.number().min(0);

export const accessLine = z.strictObject({
  /** When the request had arrived, on the proxy's clock. */
  time: z.iso.datetime({ precision: 3 }),
  name: z.literal('access'),
  call_id: z.uuid(),
  /** The run of the proxy that served it. */
  instance_id: z.string(),
  key_id: z.string(),
  customer_id: z.string(),
  team_id: z.string().nullable(),
  endpoint: z.string(),
  /** As the client named it; null: the request was refused unread. */
  model: z.string().nullable(),
  stream: z.boolean(),
  /** Of the last attempt; null: nothing was sent. */
  provider: z.string().nullable(),
  /** The model's name at the provider. */
  deployment_model: z.string().nullable(),
  /** As on the usage event of the last attempt; `refused` if nothing was sent. */
  status: z.enum(['ok', 'upstream_error', 'client_closed', 'timeout', 'refused', 'unknown']),
  error_type: z.string().nullable(),
  /** What the client got; null: it left before any answer. */
  http_status: z.int().nullable(),
  upstream_status: z.int().nullable(),
  attempts: z.int().min(0),
  /** Of the last attempt, as on its usage event: each token is in one field. */
  input_tokens: tokens,
  cache_read_tokens: tokens,
  cache_write_tokens: tokens,
  output_tokens: tokens,
  reasoning_tokens: tokens,
  audio_input_tokens: tokens,
  audio_output_tokens: tokens,
  // Absent where there are none.
  cache_write_1h_tokens: tokens.optional(),
  image_input_tokens: tokens.optional(),
  image_output_tokens: tokens.optional(),
  /** Of the last attempt, in US dollars, 12 places; null: unknown. */
  cost: z
    .string()
    .regex(/^\d+\.\d{12}$/)
    .nullable(),
  /** First token of a stream, from the sending of the request. */
  ttft_ms: milliseconds.nullable(),
  /** The whole call, from its arrival to the last byte that was handed to the client's connection. */
  duration_ms: milliseconds,
  /** Of the bodies, unpacked; the request's is 0 if it was refused unread. */
  request_bytes: z.int().min(0),
  response_bytes: z.int().min(0),
  /** Of the last attempt: the name of its key at a provider with several. Absent: it has one, or none. */
  provider_key: z.string().optional(),
  /** It was answered by what an earlier call under its `Idempotency-Key` came to. Absent: it was not. */
  replayed: z.literal(true).optional(),
  /** How hard the request was taken to be. Absent: its route did not ask. */
  complexity: z.number().min(0).max(1).optional(),
  /** Provider and model that complexity would have tried first, of a route in shadow mode. */
  shadow: z.string().optional(),
});

export type AccessLine = z.infer<typeof accessLine>;
