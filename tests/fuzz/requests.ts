/**
 * Requests of every endpoint with things wrong in them, through all that reads them before a provider is
 * asked: each is refused by a name, or understood, and then it is sent as the client wrote it.
 */
import { isDeepStrictEqual } from 'node:util';
import type { CallRequest, Endpoint, RequestFacts } from '@tollgate/proxy/dialects/dialect.ts';
import { errorCatalogue, type Refusal } from '@tollgate/proxy/errors.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { oneOf, type Random, upTo } from '../answers/generated/truth.ts';
import { seeded } from '../mutation/sample.ts';
import { mutatedJson, mutatedText, repeatedMember } from './mutate.ts';
import type { Seed } from './seeds/seed.ts';
import { seeds } from './seeds/seeds.ts';

export type FuzzReport = {
  cases: number;
  /** How often each came of it, by seed and outcome. */
  outcomes: Record<string, number>;
  wrong: string[];
};

const WRONG_MAX = 10;
const OTHER_MODEL = 'another-model';
const LIMIT = { tokens: 77, field: 'max_completion_tokens' };

export function fuzzRequests(
  cases: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
): FuzzReport {
  const random = seeded(seed);
  const report: FuzzReport = { cases, outcomes: {}, wrong: [] };
  for (let done = 0; done < cases && report.wrong.length < WRONG_MAX; done++) {
    const from = oneOf(random, seeds);
    const text = mutatedRequest(from, random);
    const [outcome, wrong] = judged(from, Buffer.from(text));
    const key = `${from.name}: ${outcome}`;
    report.outcomes[key] = (report.outcomes[key] ?? 0) + 1;
    if (wrong !== null) report.wrong.push(`${wrong}: ${from.name}\n${text}`);
    progress(done);
  }
  return report;
}

function mutatedRequest({ body }: Seed, random: Random): string {
  switch (upTo(random, 9)) {
    case 0:
      return mutatedText(JSON.stringify(body), random);
    case 1:
      return repeatedMember(JSON.stringify(body), random);
    case 2:
      return mutatedText(mutatedJson(body, random), random);
    default:
      return mutatedJson(body, random);
  }
}

/** @returns what became of it, and what is wrong with that */
function judged({ endpoint, url }: Seed, body: Buffer): [string, string | null] {
  try {
    const target = endpoint.target?.(url);
    if (target !== undefined && 'code' in target)
      return ['refused', wrongRefusal(endpoint, target)];
    const read = endpoint.read({ body, target }, proxyLimits.requestDepthMax);
    if (!read.ok) return [read.refusal.code, wrongRefusal(endpoint, read.refusal)];
    return ['read', wrongCall(endpoint, read.facts, body)];
  } catch (error) {
    return ['thrown', `throws ${(error as Error).stack}`];
  }
}

function wrongRefusal(endpoint: Endpoint, refusal: Refusal): string | null {
  const { status } = errorCatalogue[refusal.code];
  if (status >= 500) return `our failure: ${refusal.code}`;
  const told = JSON.stringify(JSON.parse(endpoint.errorBody(refusal)));
  return told.toLowerCase().includes(refusal.code) ? null : `a refusal without its name: ${told}`;
}

function wrongCall(endpoint: Endpoint, facts: RequestFacts, body: Buffer): string | null {
  const call = endpoint.open(facts, { 'anthropic-version': '2023-06-01' });
  const asked = JSON.parse(body.toString()) as Record<string, unknown>;
  const texts = endpoint.plainTexts(asked);
  if (texts.some((text) => typeof text !== 'string')) return 'a text that is none';
  call.prompt();
  call.input();
  call.wanted();
  call.cacheText(true);
  call.question(false);
  call.openPartsAt('m');
  call.unboundedModel('m');
  const figure = wrongFigure(call);
  return figure ?? wrongSent(call, facts, asked, body);
}

function wrongFigure(call: CallRequest): string | null {
  const { inputTokensMax, outputTokensMax, answerCount, model } = call;
  if (typeof model !== 'string' || model === '') return 'no model';
  for (const figure of [inputTokensMax, outputTokensMax ?? 0, answerCount]) {
    if (!Number.isSafeInteger(figure) || figure < 0) return `no bound: ${figure}`;
  }
  return inputTokensMax > 0 ? null : 'no input';
}

/** I11: what a provider gets is what the client wrote, but for what was to be changed. */
function wrongSent(
  call: CallRequest,
  { edits, limitAt }: RequestFacts,
  asked: Record<string, unknown>,
  body: Buffer,
): string | null {
  const same = call.upstream(call.model, null);
  if (edits.length === 0 && !same.body.equals(body)) return 'other bytes are sent';
  const other = JSON.parse(call.upstream(OTHER_MODEL, null).body.toString()) as object;
  const names = JSON.stringify(other);
  if (Object.hasOwn(asked, 'model') && asked['model'] != null && !names.includes(OTHER_MODEL)) {
    return 'another model is sent';
  }
  const kept = new Set(['model', 'stream_options', 'requests']);
  const wrong = Object.entries(asked).find(
    ([name, value]) => !kept.has(name) && !isDeepStrictEqual(value, (other as typeof asked)[name]),
  );
  if (wrong !== undefined) return `sent otherwise: ${wrong[0]}`;
  if (limitAt === null && call.outputTokensMax === null) return null;
  if (call.outputTokensMax === 0) return null;
  const limited = call.upstream(call.model, LIMIT).body.toString();
  JSON.parse(limited);
  return /:\s*\d/.test(limited) ? null : `no limit is sent: ${limited}`;
}
