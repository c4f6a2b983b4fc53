/**
 * Answers of every dialect, whole and broken, in any pieces: each reaches the client as it was sent (I11),
 * means the same however it is cut, and states nothing that was not said (I8).
 */
import { isDeepStrictEqual } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Outcome } from '@tollgate/proxy/call/settle.ts';
import type { Answer, CallRequest } from '@tollgate/proxy/dialects/dialect.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { isEvents } from '@tollgate/proxy/relay/body-kind.ts';
import { settleNow } from '@tollgate/proxy/testing/settle-now.ts';
import { factsOf } from '../answers/generated/check.ts';
import { oneOf, perhaps, type Random, upTo } from '../answers/generated/truth.ts';
import { seeded } from '../mutation/sample.ts';
import { mutatedJson, mutatedText, pieces } from './mutate.ts';
import type { FuzzReport } from './requests.ts';
import { type AnswerPart, PARTS_TOLD, type Seed } from './seeds/seed.ts';
import { seeds } from './seeds/seeds.ts';

const WRONG_MAX = 10;
const TYPES = ['text/event-stream', 'application/json', 'text/plain', ''];

/**
 * What was done to it. `harmless`: the total is what it was. `cut`: it ends in the middle, before its total
 * or behind it. `odd`: nobody knows what it means.
 */
type Made = { kind: 'harmless' | 'cut' | 'odd'; text: string; contentType: string };

const openCalls = new Map<Seed, CallRequest>();

export function fuzzStreams(
  cases: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
): FuzzReport {
  const random = seeded(seed);
  const report: FuzzReport = { cases, outcomes: {}, wrong: [] };
  for (let done = 0; done < cases && report.wrong.length < WRONG_MAX; done++) {
    const from = oneOf(random, seeds);
    const made = answerOf(from, random);
    const [source, wrong] = judged(from, made, random);
    const key = `${from.name}, ${made.kind}: ${source}`;
    report.outcomes[key] = (report.outcomes[key] ?? 0) + 1;
    if (wrong !== null) report.wrong.push(`${wrong}: ${from.name}, ${made.kind}\n${made.text}`);
    progress(done);
  }
  return report;
}

function callOf(seed: Seed): CallRequest {
  const known = openCalls.get(seed);
  if (known !== undefined) return known;
  const { endpoint, url, body } = seed;
  const target = endpoint.target?.(url);
  if (target !== undefined && 'code' in target) throw new Error(target.code);
  const incoming = { body: Buffer.from(JSON.stringify(body)), target };
  const read = endpoint.read(incoming, proxyLimits.requestDepthMax);
  if (!read.ok) throw new Error(`${seed.name}: ${read.refusal.code} ${read.refusal.message}`);
  const call = endpoint.open(read.facts, {});
  openCalls.set(seed, call);
  return call;
}

const textOf = ({ open, json, close }: AnswerPart) =>
  open + (json === undefined ? '' : JSON.stringify(json)) + close;
const texts = new Map(
  seeds.flatMap(({ answer }) => answer.parts.map((part) => [part, textOf(part)])),
);
const partText = (part: AnswerPart) => texts.get(part) ?? textOf(part);

function answerOf({ answer }: Seed, random: Random): Made {
  const { parts, contentType } = answer;
  const made = (kind: Made['kind'], text: string) => ({ kind, text, contentType });
  const isEvents = contentType.startsWith('text/event-stream');
  switch (upTo(random, 9)) {
    case 0:
    case 1:
      return made('harmless', isEvents ? harmless(parts, random) : parts.map(partText).join(''));
    case 2: {
      const text = parts.map(partText).join('');
      return made('cut', text.slice(0, upTo(random, text.length - 1)));
    }
    case 3:
      return { ...made('odd', parts.map(partText).join('')), contentType: oneOf(random, TYPES) };
    default:
      return made('odd', odd(parts, random));
  }
}

/** What any stream may have between its events, and how they may be parted. */
function harmless(parts: readonly AnswerPart[], random: Random): string {
  const between = [': keep-alive\n\n', '\n', 'retry: 9\n\n'];
  const texts = parts.map((part) => {
    const before = perhaps(random, 0.15) ? oneOf(random, between) : '';
    return before + partText(part);
  });
  const text = texts.join('');
  if (perhaps(random, 0.2)) return text.replaceAll('\n', '\r\n');
  return perhaps(random, 0.1) ? text.trimEnd() : text;
}

function odd(parts: readonly AnswerPart[], random: Random): string {
  const at = upTo(random, parts.length - 1);
  const changed = [...parts];
  const texts = () => changed.map(partText);
  switch (upTo(random, 6)) {
    case 0:
      changed.splice(at, 1);
      return texts().join('');
    case 1:
      changed.splice(upTo(random, parts.length), 0, changed[at] as AnswerPart);
      return texts().join('');
    case 2: {
      const [moved] = changed.splice(at, 1);
      changed.splice(upTo(random, changed.length), 0, moved as AnswerPart);
      return texts().join('');
    }
    case 3:
      return mutatedText(texts().join(''), random);
    default: {
      const { open, json, close } = changed[at] as AnswerPart;
      const all = texts();
      all[at] =
        open +
        (json === undefined ? mutatedText('[DONE]', random) : mutatedJson(json, random)) +
        close;
      return all.join('');
    }
  }
}

type Seen = {
  relayed: Buffer;
  told: readonly unknown[] | null;
  note: string | null;
  fault: string | null;
  isFinal: boolean;
  answer: Answer;
};

function read(call: CallRequest, made: Made, cut: readonly Buffer[], packed: object): Seen {
  const headers = { 'content-type': made.contentType, ...packed };
  const answer = call.answer(headers, proxyLimits, cut[0]);
  const sent = cut.flatMap((piece) => answer.push(piece));
  while (answer.readOn());
  const quantities = answer.quantities();
  const seen = {
    told: quantities === null ? null : PARTS_TOLD.map((part) => quantities[part]),
    ...{ note: answer.usageNote(), fault: answer.fault(), isFinal: answer.isUsageFinal(), answer },
  };
  answer.isWhole();
  answer.refusedFor();
  answer.model();
  answer.id();
  answer.outputText();
  return { ...seen, relayed: Buffer.concat([...sent, ...answer.end()]) };
}

/** @returns who states what was used, and what is wrong with it */
function judged(from: Seed, made: Made, random: Random): [string, string | null] {
  try {
    const call = callOf(from);
    const isPacked = perhaps(random, 0.03);
    const plain = Buffer.from(made.text);
    const bytes = isPacked ? gzipSync(plain) : plain;
    const packed = isPacked ? { 'content-encoding': 'gzip' } : {};
    const cut = pieces(bytes, random);
    const seen = read(call, made, cut, packed);
    if (!seen.relayed.equals(bytes)) return ['relayed', 'the client gets other bytes'];
    // Of so few first bytes that they may begin an event, nobody knows yet what comes.
    const isClear =
      isEvents(made.contentType, cut[0] ?? bytes) === isEvents(made.contentType, bytes);
    if (cut.length > 1 && isClear) {
      const { relayed: _, answer: _a, ...atOnce } = read(call, made, [bytes], packed);
      const { relayed: __, answer: _b, ...inPieces } = seen;
      if (!isDeepStrictEqual(atOnce, inPieces)) {
        return ['cut', `in pieces ${JSON.stringify(inPieces)}, at once ${JSON.stringify(atOnce)}`];
      }
    }
    return settled(from, made, seen, call);
  } catch (error) {
    return ['thrown', `throws ${(error as Error).stack}`];
  }
}

function settled(from: Seed, made: Made, seen: Seen, call: CallRequest): [string, string | null] {
  const completed = made.kind !== 'cut' || seen.answer.isWhole();
  const outcome: Outcome = {
    ...{ status: completed ? 'ok' : 'upstream_error', httpStatus: 200, unsent: false, completed },
    answer: seen.answer,
  };
  const { usage, cost } = settleNow(factsOf(call), outcome);
  const { usage_source: source } = usage;
  const told = [
    ...[usage.input_tokens, usage.cache_read_tokens, usage.cache_write_tokens],
    ...[usage.output_tokens, usage.reasoning_tokens],
  ];
  if (cost !== null && cost < 0n) return [source, `costs ${cost}`];
  if (source === 'none' && told.some((count) => count !== null)) return [source, `free: ${told}`];
  if (
    source === 'provider' &&
    told.some((count) => !Number.isSafeInteger(count) || Number(count) < 0)
  ) {
    return [source, `stated as ${told}`];
  }
  const { told: truth } = from.answer;
  if (made.kind === 'odd' || truth.length === 0) return [source, null];
  const isTruth = isDeepStrictEqual(told, truth);
  if (made.kind === 'harmless') {
    return [source, source === 'provider' && isTruth ? null : `${source} ${told}, not ${truth}`];
  }
  return [source, source === 'provider' && !isTruth ? `stated as ${told}, used ${truth}` : null];
}
