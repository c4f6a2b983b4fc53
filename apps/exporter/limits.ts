/** Every bound of the exporter with its unit and its reason. */
export type ExporterLimits = { readonly [K in keyof typeof bounds]: number };

const HOUR_MS = 60 * 60 * 1000;

const bounds = {
  /** Pause between two looks for what is due, ms. */
  exportPollMs: 250,
  /** Exports at once: one makes 3 requests a second, and Stripe takes 25 of each kind. */
  exportsAtOnceMax: 4,
  /**
   * A step counts as running for this long after its process said so, ms: longer than one request, so that
   * nothing of a dead process is on its way when another one looks for what it made.
   */
  exportClaimMs: 30_000,
  /** How often a process says that it still has a step, ms: a claim outlives two that get lost. */
  exportRenewMs: 10_000,
  /** How often at most: 20 minutes, longer than any step's requests. */
  exportRenewalsMax: 120,
  /** How long an idempotency key is used, ms: Stripe forgets it after 24 hours. */
  exportKeyMs: 23 * HOUR_MS,
  /** How old usage may be that goes to a meter, ms: Stripe takes 35 days, less the difference of two clocks. */
  meterAgeMs: 35 * 24 * HOUR_MS - 10 * 60 * 1000,
  /** First and longest pause before a step is tried again, ms; jittered by half. */
  exportRetryFirstMs: 1_000,
  exportRetryMaxMs: 15 * 60 * 1000,
  /** The longest pause that the payment system may ask for, ms. */
  exportRetryAfterMaxMs: HOUR_MS,
  /** How much earlier a customer may have been made than we think, ms: two clocks. */
  exportClockSkewMs: 5 * 60 * 1000,
  /** Steps of one export in one go: 250 lines are 9. What is left is taken up at the next look. */
  exportStepsMax: 100,
  /** How often an open invoice is asked for, ms: for webhooks that never came. */
  paymentReadMs: 6 * HOUR_MS,
  /** Pause between two looks for such invoices, ms. */
  paymentPollMs: 30_000,
  /** A client of /healthz that takes longer is cut off, ms. */
  healthRequestMs: 5_000,
  /** How long a shutdown may take, ms: longer than the requests of one step. */
  drainTimeoutMs: 100_000,
  /** First and longest pause after a failure of ours, ms. */
  exporterRetryFirstMs: 1_000,
  exporterRetryMaxMs: 60_000,
} as const;

export const exporterLimits: ExporterLimits = bounds;
