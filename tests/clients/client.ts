/** A client of somebody else's, as it is, and what it can do through the proxy. */

export const FEATURES = [
  ...(['chat', 'streaming', 'tools', 'structured output', 'images in', 'embeddings'] as const),
  ...(['errors', 'abort', 'retries', 'defaults under a budget'] as const),
];
export type Feature = (typeof FEATURES)[number];

/** Where a client is sent to, and with what keys. */
export type Gate = {
  /** Without a version. */
  url: string;
  /** May do anything: it has no budget. */
  secret: string;
  /** Has a hard budget of a few dollars. */
  budgeted: string;
  /** Has a hard budget that pays for nothing. */
  poor: string;
  /** Runs with all calls of the provider steered so. */
  steered<T>(knobs: Readonly<Record<string, string | number>>, run: () => Promise<T>): Promise<T>;
};

/** Throws if it does not work. */
export type Use = (gate: Gate) => Promise<void>;

export type Client = {
  /** As its row is called. */
  name: string;
  /** Of the package, as it is installed. */
  package: string;
  /** What the client does not have has no entry. */
  uses: Partial<Readonly<Record<Feature, Use>>>;
};

export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
export const QUESTION = 'How much is the fish?';
export const WEATHER = {
  type: 'object' as const,
  properties: { city: { type: 'string' as const }, unit: { type: 'string' as const, enum: ['c'] } },
  required: ['city', 'unit'],
  additionalProperties: false,
};

/** @throws if it is false */
export function sure(what: string, isSo: unknown): void {
  if (isSo !== true) throw new Error(`not as it must be: ${what}`);
}

/** What was thrown. */
async function failure(run: () => Promise<unknown>): Promise<Record<string, unknown>> {
  try {
    await run();
  } catch (error) {
    return error as Record<string, unknown>;
  }
  throw new Error('nothing was thrown');
}

/** Status of an error, wherever the client has it. */
function statusOf(error: Record<string, unknown>): unknown {
  const status = error['status'] ?? error['statusCode'] ?? error['code'];
  const cause = (error['lastError'] ?? error['cause']) as Record<string, unknown> | undefined;
  return status ?? (cause === undefined ? undefined : statusOf(cause));
}

/** A wrong key is told apart from an empty budget, and the budget's refusal by its name. */
export async function tellsErrors(call: (secret: string) => Promise<unknown>, gate: Gate) {
  const wrong = await failure(() => call('sk-none'));
  sure(`a wrong key is a 401, not ${statusOf(wrong)} ${wrong['message']}`, statusOf(wrong) === 401);
  const poor = await failure(() => call(gate.poor));
  sure(
    `an empty budget is a 402, not ${statusOf(poor)} ${poor['message']}`,
    statusOf(poor) === 402,
  );
  const told = `${poor['message']} ${poor['responseBody']} ${JSON.stringify(poor)}`;
  sure(`the budget is named: ${told.slice(0, 300)}`, /budget/i.test(told));
}

/** Slow enough to be left in the middle. */
export const SLOW = { token_pace_ms: 20, output_tokens: 200, chunk_tokens: 1 };
/** A provider that is down for one call. */
export const DOWN_ONCE = { fault: 'status_503', fault_count: 1 };
