/**
 * Port and implementation: asks a webhook whether something may go on. One signed request by Standard
 * Webhooks, no redirect, bounded in time and in what is read of the answer; the address is checked as the
 * connection is made (destinations.ts).
 *
 * A verdict is an answer of 200 with the JSON `{"verdict": "allow"}`, or `{"verdict": "deny", "reason":
 * "…"}`. Anything else says nothing: what follows from that is not decided here.
 */
import { guardrailVerdict } from '@tollgate/schemas/http/guardrails.ts';
import { Agent } from 'undici';
import type { Destinations } from './destinations.ts';
import { checkedConnector, codeOf, signed, type WebhookMessage } from './webhook-sender.ts';

export type Verdict =
  | { kind: 'allow' }
  /** `reason` is the webhook's own text; null: it stated none. */
  | { kind: 'deny'; reason: string | null }
  /** A short code of why there is none. */
  | { kind: 'none'; error: string };

export type Verdicts = {
  /** Never rejects: what went wrong is a verdict too. */
  ask(question: WebhookMessage & { timeoutMs: number }): Promise<Verdict>;
  close(): Promise<void>;
};

export type VerdictOptions = {
  destinations: Destinations;
  /** Of any question, at most. */
  timeoutMsMax: number;
  /** What is read of an answer; one that is larger is no verdict. */
  answerBytesMax: number;
  /** Sockets to one webhook. */
  connectionsMax: number;
};

const KEEP_ALIVE_MS = 10_000;
const HEADER_BYTES_MAX = 16 * 1024;
/** Characters of a reason; the rest is cut off. */
const REASON_LENGTH_MAX = 256;

export function createVerdicts(options: VerdictOptions): Verdicts {
  const { destinations, timeoutMsMax, answerBytesMax, connectionsMax } = options;
  const agent = new Agent({
    connect: checkedConnector({ destinations, timeoutMs: timeoutMsMax }),
    pipelining: 1,
    connections: connectionsMax,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    headersTimeout: timeoutMsMax,
    bodyTimeout: timeoutMsMax,
    maxHeaderSize: HEADER_BYTES_MAX,
    maxResponseSize: answerBytesMax,
  });
  return {
    async ask({ timeoutMs, ...question }) {
      if (destinations.refusalOf(question.url) !== null) return none('address_not_allowed');
      const url = new URL(question.url);
      const signal = AbortSignal.timeout(timeoutMs);
      try {
        const { statusCode, body } = await agent.request({
          ...{ origin: url.origin, path: url.pathname + url.search, method: 'POST', signal },
          headers: signed(question),
          body: question.body,
        });
        if (statusCode !== 200) {
          await body.dump({ limit: answerBytesMax, signal }).catch(() => undefined);
          return none(statusCode >= 300 && statusCode < 400 ? 'redirect' : 'http_status');
        }
        return verdictOf(await body.text());
      } catch (error) {
        return none(codeOf(error));
      }
    },
    close: () => agent.destroy(),
  };
}

function verdictOf(text: string): Verdict {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return none('no_verdict');
  }
  const read = guardrailVerdict.safeParse(json);
  if (!read.success) return none('no_verdict');
  // seam: verdict-is-read
  if (read.data.verdict === 'allow') return { kind: 'allow' };
  const reason = read.data.reason?.toWellFormed().slice(0, REASON_LENGTH_MAX).trim() ?? '';
  return { kind: 'deny', reason: reason === '' ? null : reason };
}

function none(error: string): Verdict {
  return { kind: 'none', error };
}
