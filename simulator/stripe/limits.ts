/** Stripe's documented limits, and the fake's own bounds. */
export const stripeLimits = {
  /** "up to 250 items per invoice": POST /v1/invoiceitems. */
  invoiceLinesMax: 250,
  /** Lines that an invoice carries within itself; the others are paged. */
  embeddedLinesMax: 10,
  pageMax: 100,
  pageDefault: 10,
  metadataKeysMax: 50,
  metadataKeyCharsMax: 40,
  metadataValueCharsMax: 500,
  idempotencyKeyCharsMax: 255,
  /** Keys can be removed "after they're at least 24 hours old"; the fake removes them at once. */
  idempotencyKeyMs: 24 * 3_600_000,
  /** Search: "under a minute", in normal operation. */
  searchDelayMs: 60_000,
  /** Eight digits, as docs.stripe.com/currencies has it. */
  amountMax: 99_999_999,
  /** A draft with `auto_advance` is finalized after about an hour. */
  autoAdvanceMs: 3_600_000,
  meterEventAgeMsMax: 35 * 24 * 3_600_000,
  meterEventAheadMsMax: 5 * 60_000,
  meterIdentifierMs: 24 * 3_600_000,
  meterEventsPerCallMax: 100,
  meterSessionMs: 15 * 60_000,
} as const;

export const fakeLimits = {
  bodyBytesMax: 4 * 1_048_576,
  /** Requests kept for assertions; the oldest go. */
  requestsKeptMax: 100_000,
  headersTimeoutMs: 10_000,
  bodyTimeoutMs: 30_000,
} as const;
