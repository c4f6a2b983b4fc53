/** One call of an endpoint as its clients make it, and what a provider answers: what fuzzers start from. */
import type { Endpoint } from '@tollgate/proxy/dialects/dialect.ts';

export type Seed = {
  /** Of the endpoint, and whether it streams. */
  name: string;
  endpoint: Endpoint;
  /** As clients ask for it, without a key. */
  url: string;
  body: Readonly<Record<string, unknown>>;
  answer: AnswerSeed;
};

export type AnswerSeed = {
  contentType: string;
  /** Its events, members or its one JSON text, each with the blank space that parts it from the next one. */
  parts: readonly AnswerPart[];
  /** What the whole of it states: input, cache reads, cache writes, output, reasoning. */
  told: readonly number[];
};

export type AnswerPart = {
  open: string;
  json: unknown;
  close: string;
  /** Nothing behind it changes the total: who has read it knows what was used. */
  isTotal?: boolean;
};

export const PARTS_TOLD = [
  ...(['inputTokens', 'cacheReadTokens', 'cacheWriteTokens', 'outputTokens'] as const),
  'reasoningTokens' as const,
];

/** An answer that is one JSON text. */
export const whole = (json: object, told: readonly number[]): AnswerSeed => ({
  contentType: 'application/json',
  parts: [{ open: '', json, close: '\n', isTotal: true }],
  told,
});

const EVENTS = 'text/event-stream; charset=utf-8';

/** Server-sent events without names. @param total index of the event with the total */
export const events = (all: readonly unknown[], total: number, told: readonly number[]) => ({
  contentType: EVENTS,
  parts: all.map((json, index) => ({
    ...{ open: 'data: ', json, close: '\n\n', isTotal: index === total },
  })),
  told,
});

/** Server-sent events, each with the name that is its `type`. */
export const named = (
  all: readonly { type: string }[],
  total: number,
  told: readonly number[],
): AnswerSeed => ({
  contentType: EVENTS,
  parts: all.map((json, index) => ({
    ...{ open: `event: ${json.type}\ndata: `, json, close: '\n\n', isTotal: index === total },
  })),
  told,
});
