/**
 * A day of mixed traffic, hour by hour: three customers, routes of each kind, and questions that are asked
 * again and again. Each call says itself how many tokens it uses, so that it uses as many wherever it goes.
 */
import type OpenAI from 'openai';

export type DayCall = {
  /** 0 to 23. */
  hour: number;
  /** Index of its customer. */
  customer: number;
  /** The name that it asks for: of a route or of a model. */
  name: string;
  stream: boolean;
  body: Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'model' | 'stream'>;
};

export const ALPHA = 'alpha';
export const BETA = 'beta';

/** Alpha is cheaper and fails; beta is what its routes fall back to. */
export const DAY_ROUTES = {
  /** The small model for what it can do: short answers, without a schema. */
  assistant: {
    strategy: 'cheapest',
    candidates: [
      { provider: ALPHA, model: 'sim-small', max_output_tokens: 400, supports: [] },
      { provider: BETA, model: 'sim-large', supports: ['json_schema'] },
    ],
  },
  steady: {
    strategy: 'fixed',
    candidates: [
      { provider: ALPHA, model: 'sim-tiered' },
      { provider: BETA, model: 'sim-large' },
    ],
  },
  spread: {
    strategy: 'weighted',
    candidates: [
      { provider: ALPHA, model: 'sim-small', weight: 3 },
      { provider: BETA, model: 'sim-large', weight: 1 },
    ],
  },
} as const;

/** The only model whose answers are kept, and it is asked for by its own name. */
export const QUESTIONS_MODEL = 'sim-large';
const PLAIN_MODEL = 'sim-odd';

export const CUSTOMERS = [
  {
    name: 'Acme, an assistant',
    kinds: ['assistant', 'assistant', 'assistant', QUESTIONS_MODEL, PLAIN_MODEL],
  },
  {
    name: 'Globex, batch jobs',
    kinds: ['steady', 'steady', 'steady', 'spread', QUESTIONS_MODEL],
  },
  {
    name: 'Initech, a help desk',
    kinds: [QUESTIONS_MODEL, QUESTIONS_MODEL, QUESTIONS_MODEL, 'assistant', 'spread'],
  },
] as const;

/** Share of calls by hour: few at night, most before and after noon. */
const HOURS = [1, 1, 1, 1, 1, 2, 4, 7, 10, 12, 12, 11, 9, 10, 12, 12, 11, 9, 7, 5, 4, 3, 2, 1];
/** How alpha fails, by hour. Nothing of an answer is relayed, so each call has another attempt. */
export const ALPHA_FAULTS: Readonly<Record<number, { fault: string; share: number }>> = {
  9: { fault: 'status_503', share: 0.3 },
  11: { fault: 'bill_then_500', share: 0.2 },
  15: { fault: 'reset_after:0', share: 0.2 },
  18: { fault: 'status_429', share: 0.1 },
};
const QUESTIONS = 12;
const SHORT_TOKENS_MAX = 400;

/** The same calls for the same count. */
export function callsOfDay(count: number): DayCall[] {
  const all = HOURS.reduce((sum, share) => sum + share, 0);
  let hour = 0;
  let passed = 0;
  return Array.from({ length: count }, (_, index) => {
    while ((index / count) * all >= passed + (HOURS[hour] ?? all)) passed += HOURS[hour++] ?? all;
    const customer = index % CUSTOMERS.length;
    const kinds = CUSTOMERS[customer]?.kinds ?? [];
    const turn = Math.floor(index / CUSTOMERS.length);
    const name = kinds[turn % kinds.length] ?? PLAIN_MODEL;
    const isQuestion = name === QUESTIONS_MODEL;
    const body = bodyOf(isQuestion ? (turn * 7919) % QUESTIONS : index, name);
    return { hour, customer, name, stream: index % 2 === 1, body };
  });
}

function bodyOf(seed: number, name: string): DayCall['body'] {
  const inputTokens = 100 + ((seed * 7919) % 900);
  const isLong = name === 'assistant' && seed % 7 === 0;
  const outputTokens = 20 + ((seed * 104_729) % 300) + (isLong ? SHORT_TOKENS_MAX : 0);
  // Only the first model of a route may fail: where there is no other, a call would.
  const hasRoute = Object.hasOwn(DAY_ROUTES, name);
  return {
    messages: [{ role: 'user', content: `${seed}: ${'word '.repeat(inputTokens / 4)}` }],
    max_completion_tokens: outputTokens + 64,
    metadata: {
      sim_input_tokens: String(inputTokens),
      sim_cached_tokens: String(seed % 3 === 0 ? 64 : 0),
      sim_output_tokens: String(outputTokens),
      sim_reasoning_tokens: '0',
      ...(hasRoute ? {} : { sim_fault: 'none' }),
    },
    ...(name === 'assistant' && seed % 5 === 0 ? { response_format: SCHEMA } : {}),
  };
}

const SCHEMA = {
  type: 'json_schema' as const,
  json_schema: {
    name: 'answer',
    schema: { type: 'object', properties: { answer: { type: 'string' } }, required: ['answer'] },
  },
};
