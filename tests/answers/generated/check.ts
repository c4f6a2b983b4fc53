/** Plays generated answers through the reader and the settlement, and compares with the truth. */

import { parseHoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { PICO_PER_UNIT } from '@tollgate/domain/money/money.ts';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import type { Outcome } from '@tollgate/proxy/call/settle.ts';
import type { Answer, CallRequest } from '@tollgate/proxy/dialects/dialect.ts';
import { chatCompletions } from '@tollgate/proxy/dialects/openai/chat-request.ts';
import { embeddings } from '@tollgate/proxy/dialects/openai/embeddings-request.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { settleNow } from '@tollgate/proxy/testing/settle-now.ts';
import { seeded } from '../../mutation/sample.ts';
import { embeddingsOf, jsonOf } from './json.ts';
import type { MadeAnswer } from './made-answer.ts';
import { streamOf } from './stream.ts';
import { PARTS, perhaps, type Random, upTo } from './truth.ts';

export type AnswerReport = {
  answers: number;
  /** How often each came of it. */
  sources: Record<string, number>;
  /** Of those that had to be taken. */
  mustBeTaken: number;
  wrong: string[];
};

/** One pico-dollar a token. */
const RATE = [{ from_input_tokens: 0, pico_usd_per_million: '1000000' }];
const PRICE = compilePrice({ input: RATE, output: RATE });
const WRONG_MAX = 20;
/** Answers that outgrow what is held, and are searched as they pass. */
const SMALL_LIMITS = { ...proxyLimits, heldAnswerBytesMax: 50, answerTailBytes: 1_000 };
const ASKED = ['one', 'two', 'three'];

/** @param progress is told how many answers are done */
export function checkAnswers(
  count: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
): AnswerReport {
  const random = seeded(seed);
  const report: AnswerReport = { answers: count, sources: {}, mustBeTaken: 0, wrong: [] };
  for (let done = 0; done < count && report.wrong.length < WRONG_MAX; done++) {
    const made = makeOne(random);
    const [source, wrong] = judged(made, random);
    report.sources[source] = (report.sources[source] ?? 0) + 1;
    if (made.mustBeTaken) report.mustBeTaken++;
    if (wrong !== null) report.wrong.push(`${wrong}: ${made.shape}, ${made.ending}\n${made.bytes}`);
    progress(done);
  }
  return report;
}

function makeOne(random: Random): MadeAnswer {
  const which = random();
  if (which < 0.6) return streamOf(random);
  return which < 0.9 ? jsonOf(random) : embeddingsOf(random);
}

function requestOf({ request, inputIds }: MadeAnswer): CallRequest {
  const body =
    request === 'embeddings'
      ? { model: 'm', input: Array.from({ length: inputIds ?? 1 }, (_, id) => id) }
      : {
          model: 'm',
          stream: request === 'stream',
          messages: [{ role: 'user', content: ASKED.join(' ') }],
        };
  const endpoint = request === 'embeddings' ? embeddings : chatCompletions;
  const read = endpoint.read({ body: Buffer.from(JSON.stringify(body)) }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  return endpoint.open(read.facts);
}

/** The bytes in pieces: all at once, one by one, or as it happens. */
function pieces(bytes: Buffer, random: Random): Buffer[] {
  if (perhaps(random, 0.5)) return [bytes];
  const most = perhaps(random, 0.1) ? 1 : 1 + upTo(random, 300);
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + upTo(random, most - 1);
    cut.push(bytes.subarray(at, end));
    at = end;
  }
  return cut;
}

/** @returns who stated the usage by the settlement, and what is wrong with it */
function judged(made: MadeAnswer, random: Random): [string, string | null] {
  const request = requestOf(made);
  const isSmall = made.isSearchable && perhaps(random, 0.3);
  const limits = isSmall ? SMALL_LIMITS : proxyLimits;
  const cut = pieces(made.bytes, random);
  const answer: Answer = request.answer({ 'content-type': made.contentType }, limits, made.bytes);
  const relayed = cut.flatMap((piece) => answer.push(piece));
  const status = { whole: 'ok', broken: 'upstream_error', left: 'client_closed' } as const;
  const outcome: Outcome = {
    ...{ status: status[made.ending], httpStatus: 200, unsent: false, answer },
    completed: made.ending === 'whole',
  };
  const { usage } = settleNow(factsOf(request), outcome);
  const source = usage.usage_source;
  relayed.push(...answer.end());
  const told = [
    ...[usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens],
    ...[usage.audio_input_tokens, usage.output_tokens, usage.reasoning_tokens],
    usage.audio_output_tokens,
  ];
  return [source, wrongWith(made, source, told, answer, relayed, isSmall)];
}

function wrongWith(
  made: MadeAnswer,
  source: string,
  told: readonly (number | null)[],
  answer: Answer,
  relayed: readonly Buffer[],
  isSmall: boolean,
): string | null {
  const truth = PARTS.map((part) => made.truth[part]);
  if (made.relayed !== null && !Buffer.concat(relayed).equals(made.relayed)) {
    return 'the client gets other bytes';
  }
  if (source === 'provider' && told.some((count, part) => count !== truth[part])) {
    return `stated as ${told}, used ${truth}`;
  }
  if (made.mustBeTaken && source !== 'provider') return `${source} though it was told`;
  if (made.mustBeUnknown && made.ending === 'whole' && source !== 'none') {
    return `${source} though it is not understood`;
  }
  if (source === 'none' && told.some((count) => count !== null)) return `free: ${told}`;
  const isSeen =
    made.ending !== 'whole' || isSmall || (answer.fault() === 'error') === made.isError;
  if (!isSeen) return made.isError ? 'an error that is not seen' : 'an error that is none';
  if (source !== 'estimated') return null;
  if (!made.mayBeEstimated) return 'estimated though not all of it was read';
  const [input, , , , output] = told;
  const least = made.inputIds ?? ASKED.length;
  if ((input ?? 0) < least || (output ?? 0) < made.words)
    return `estimated as ${told}, below what is seen`;
  return made.inputIds !== null && input !== made.inputIds
    ? `${input} ids of ${made.inputIds}`
    : null;
}

/** Of an attempt that has a price and a hold. */
export function factsOf(request: CallRequest): Parameters<typeof settleNow>[0] {
  const provider = { name: 'p', notBilledStatuses: new Set([429]) };
  const price = { price: PRICE, version: 'v1', source: 'config' };
  const account = { stream: 's', release: () => undefined };
  const unit = parseHoldUnit('usd');
  const parts = [{ lease: { leaseId: 'l' }, amount: PICO_PER_UNIT }];
  return {
    ...{ attemptId: 'a', request, deployment: { provider, model: 'm', price } },
    holds: [{ account, unit, parts }],
  } as unknown as Parameters<typeof settleNow>[0];
}
