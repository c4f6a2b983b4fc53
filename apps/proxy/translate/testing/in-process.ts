/** A client's SDK on a provider of another dialect, with all of the translation and nothing else between. */
import type { CallRequest, UpstreamRequest } from '../../dialects/dialect.ts';
import { errorCatalogue, type Refusal } from '../../errors.ts';
import { proxyLimits } from '../../limits.ts';
import type { Deployment } from '../../routing/deployments.ts';
import { endpointOf } from '../translate-request.ts';
import { translatedCall } from '../translated-call.ts';
import type { Side } from './side.ts';

export type ProviderAnswer = {
  status?: number;
  type: string;
  body: string;
  headers?: Readonly<Record<string, string>>;
  /** Of what is no text. */
  encoding?: 'latin1';
};

export type Wire = {
  fetch: typeof globalThis.fetch;
  /** What the provider got. */
  sent: (UpstreamRequest & { json: unknown })[];
  /** Of the last call. */
  request(): CallRequest;
  /** What the client got, whole. */
  text(): string;
  /** What it got of it before the usage event was durable. */
  early(): string;
};

/** @param chunkBytes how the provider's bytes come */
export function wire(from: Side, to: Side, answer: ProviderAnswer, chunkBytes = 61): Wire {
  const sent: Wire['sent'] = [];
  let request: CallRequest;
  let text = '';
  let early = '';
  const answerOf = async (url: string, body: string): Promise<Response> => {
    const isStream = /"stream":\s*true/.test(body) || url.includes(':streamGenerateContent');
    const endpoint = endpointOf(from.codec, isStream);
    const target = endpoint.target?.(new URL(url).pathname + new URL(url).search);
    if (target !== undefined && 'code' in target) return refused(target);
    const refused_ = (refusal: Refusal) => refused(refusal);
    function refused(refusal: Refusal): Response {
      const { status } = errorCatalogue[refusal.code];
      const headers = { 'content-type': 'application/json' };
      text = endpoint.errorBody(refusal);
      return new Response(text, { status, headers });
    }
    const read = endpoint.read({ body: Buffer.from(body), target }, proxyLimits.requestDepthMax);
    if (!read.ok) return refused_(read.refusal);
    const outer = endpoint.open(read.facts);
    const provider = { outputLimitField: 'max_completion_tokens' };
    const deployment = { provider, model: 'there', outputTokensMax: 4_096 };
    const translated = await translatedCall(
      { limits: proxyLimits, bodies: {} as never },
      { endpoint, target, key: {}, request: outer } as never,
      { ...deployment, translatedTo: to.codec.dialect } as unknown as Deployment,
    );
    if ('code' in translated) return refused(translated);
    request = translated;
    const upstream = request.upstream('there', null, true);
    sent.push({ ...upstream, json: JSON.parse(upstream.body.toString()) });
    const { status = 200, type, body: said, headers = {} } = answer;
    const head = { 'content-type': type, ...headers };
    const bytes = Buffer.from(said, answer.encoding ?? 'utf8');
    const reading = request.answer(head, proxyLimits, bytes.subarray(0, 64), true, status);
    const out: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      out.push(...reading.push(bytes.subarray(at, at + chunkBytes)));
    }
    early = Buffer.concat(out).toString();
    while (reading.readOn());
    out.push(...reading.end());
    const untold = reading.untold?.() ?? null;
    if (untold !== null) return refused(untold);
    text = Buffer.concat(out).toString();
    const shown = request.shownHeaders?.(head) as Record<string, string>;
    return new Response(text, { status, headers: shown });
  };
  return {
    fetch: async (input, init) => answerOf(String(input), String(init?.body)),
    sent,
    request: () => request,
    text: () => text,
    early: () => early,
  };
}
