/** Calls in odd frames, and how many requests a provider sees of each: one, or none, and never a part of another. */
import { oneOf, perhaps, type Random, upTo } from '../../answers/generated/truth.ts';
import { seeded } from '../../mutation/sample.ts';
import type { FuzzReport } from '../requests.ts';
import { chunked, type Framing, framings, HIDDEN, headOf, type RawCall } from './framings.ts';
import type { SmugglingStage } from './stage.ts';

const WRONG_MAX = 20;
const AT_ONCE = 16;
const OUR_FAILURE = /\b5\d\d\b|hangs/;

/** How many cases have a name: each framing in each endpoint. */
export const namedCases = (stage: SmugglingStage): number =>
  framings.length * stage.calls('x').length;

const isSent = { none: [0], one: [1], 'at most one': [0, 1] } as const satisfies Record<
  Framing['sent'],
  readonly number[]
>;

type Case = { name: string; marker: string; bytes: string; sent: readonly number[] };

export async function smuggleNamed(stage: SmugglingStage): Promise<FuzzReport> {
  const cases: Case[] = framings.flatMap((framing, row) =>
    stage.calls('').map((_, column): Case => {
      const marker = `case-${row}-${column}-`;
      const call = stage.calls(marker)[column] as RawCall;
      const name = `${framing.name}, ${call.path}`;
      return { name, marker, bytes: framing.bytes(call), sent: isSent[framing.sent] };
    }),
  );
  return judged(stage, cases.length, (done) => cases[done] as Case);
}

export function smuggleMutated(
  stage: SmugglingStage,
  count: number,
  seed: number,
  progress: (done: number) => void = () => undefined,
): Promise<FuzzReport> {
  const random = seeded(seed);
  const next = (done: number): Case => {
    const marker = `case-${done}-`;
    const call = oneOf(random, stage.calls(marker));
    const bytes = mutated(call, random);
    return { name: JSON.stringify(bytes), marker, bytes, sent: [0, 1] };
  };
  return judged(stage, count, next, progress);
}

async function judged(
  stage: SmugglingStage,
  count: number,
  caseOf: (index: number) => Case,
  progress: (done: number) => void = () => undefined,
): Promise<FuzzReport> {
  const { bodies, wrong: odd } = stage.upstream;
  const report: FuzzReport = { cases: count, outcomes: {}, wrong: [] };
  for (let done = 0; done < count && report.wrong.length < WRONG_MAX; done += AT_ONCE) {
    const indexes = Array.from({ length: Math.min(AT_ONCE, count - done) }, (_, n) => done + n);
    const cases = indexes.map(caseOf);
    bodies.length = 0;
    const answers = await Promise.all(
      cases.map(({ bytes, sent }) => stage.send(bytes, !sent.includes(0))),
    );
    for (const [index, { name, marker, sent }] of cases.entries()) {
      const answer = answers[index] as string;
      report.outcomes[answer] = (report.outcomes[answer] ?? 0) + 1;
      const seen = bodies.filter((body) => body.includes(marker)).length;
      if (!sent.includes(seen)) report.wrong.push(`${seen} requests: ${name} <- ${answer}`);
      if (OUR_FAILURE.test(answer)) report.wrong.push(`${answer}: ${name}`);
    }
    // What was hidden has no key: no provider ever sees it.
    if (bodies.some((body) => body.includes('hidden'))) report.wrong.push('a hidden request');
    report.wrong.push(...odd.splice(0));
    progress(done);
  }
  return report;
}

const INSERTED = [
  ...['\r', '\n', '\r\n', ' ', '\t', '\0', ':', ';', ',', '0', '1', '-', '+', 'x', '\x80', '\x0b'],
  ...['content-length: 0\r\n', 'content-length: 5\r\n', 'transfer-encoding: chunked\r\n'],
  ...['\r\n\r\n', '0\r\n\r\n', 'chunked', ', chunked', ' HTTP/1.1\r\n', 'connection: close\r\n'],
  ...['transfer-encoding: identity\r\n', 'expect: 100-continue\r\n', 'host: x\r\n', HIDDEN],
];

/** One to three bytes or words of it are other than they were; most of them of its head. */
function mutated(call: RawCall, random: Random): string {
  const { body } = call;
  const isChunked = perhaps(random, 0.5);
  const length = isChunked ? 'transfer-encoding: chunked' : `content-length: ${body.length}`;
  const content = isChunked ? chunked(body) : body;
  let bytes = `${headOf(call)}${length}\r\nconnection: close\r\n\r\n${content}`;
  const headEnd = bytes.length - content.length;
  for (let left = 1 + upTo(random, 2); left > 0; left--) {
    const at = upTo(random, perhaps(random, 0.8) ? headEnd : bytes.length);
    const gone = perhaps(random, 0.4) ? 1 + upTo(random, 3) : 0;
    const put = perhaps(random, 0.8) ? oneOf(random, INSERTED) : '';
    bytes = bytes.slice(0, at) + put + bytes.slice(at + gone);
  }
  return perhaps(random, 0.5) ? bytes + HIDDEN : bytes;
}
