/** Answers a whole body, mostly JSON: charged in full and durable before its first byte leaves. */
import type { Fault } from '../knobs/fault.ts';
import type { Attempt } from './attempt.ts';
import type { Connection } from './connection.ts';

/**
 * Sends `body` after the attempt's latency and the time of its generation. A client that hangs up
 * earlier does not stop the generation, as at real providers: it pays for the whole answer.
 */
export async function answerWhole(
  attempt: Attempt,
  connection: Connection,
  body: Buffer,
  contentType: string,
): Promise<void> {
  const { knobs, planned } = attempt;
  const kind = knobs.fault?.kind;
  // Half of the text, with the right length: complete as HTTP, broken as JSON.
  const sent = kind === 'malformed_sse' ? body.subarray(0, body.length / 2) : body;
  connection.head(200, {
    'content-type': contentType,
    'content-length': sent.length,
  });
  if (connection.willCut(sent)) {
    await attempt.charge(planned, 'fault');
    await connection.push(sent);
    await connection.breakOff();
    return;
  }
  const faulty = kind === 'malformed_sse' || kind === 'usage_missing';
  if (connection.gone) await attempt.charge(planned, 'client_aborted');
  else await attempt.charge(planned, faulty ? 'fault' : 'complete');
  connection.end(sent);
}

/** The text of an answer with its usage at its end: none or two of them where the fault says so. */
export function withUsage(
  answer: object,
  member: string,
  { usage, fault }: { usage: object; fault: Fault | undefined },
): string {
  if (fault?.kind === 'usage_missing') return JSON.stringify(answer);
  const text = JSON.stringify({ ...answer, [member]: usage });
  if (fault?.kind !== 'usage_twice') return text;
  return `${text.slice(0, -1)},${JSON.stringify({ [member]: usage }).slice(1)}`;
}
