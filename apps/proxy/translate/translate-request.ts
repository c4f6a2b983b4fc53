/**
 * From a request of one dialect to the facts of the same request in another: it is read as its provider's
 * own clients would be, so its bounds, its hold and its usage are those of what is sent. Pure, and its time
 * grows with the body, so another thread may do it.
 */
import type { DialectName } from '@tollgate/schemas/config/provider-dialects.ts';
import type { CallTarget, Endpoint, RequestFacts } from '../dialects/dialect.ts';
import { dialects } from '../dialects/dialects.ts';
import type { Refusal } from '../errors.ts';
import type { AnswerAsked, Codec, Goal } from './codec.ts';
import { codecOfDialect, codecOfEndpoint } from './codecs.ts';
import type { Conversation, Fields } from './conversation.ts';
import { exactJson } from './exact-json.ts';
import { Losses } from './losses.ts';

/** Plain data, which crosses threads. */
export type TranslationOrder = {
  /** The client's call. */
  endpoint: string;
  model: string;
  stream: boolean;
  /** As its dialect has read it. */
  body: Uint8Array;
  target?: CallTarget | undefined;
  to: DialectName;
  goal: Omit<Goal, 'names'>;
  depthMax: number;
};

export type Translated =
  | {
      ok: true;
      facts: RequestFacts;
      /** Hints that are not sent, by the client's names. */
      leftOut: readonly string[];
      asked: Omit<AnswerAsked, 'atSeconds'>;
    }
  | { ok: false; refusal: Refusal };

export function translateRequest(order: TranslationOrder): Translated {
  const from = codecOfEndpoint(order.endpoint);
  const to = codecOfDialect(order.to);
  if (from === undefined || to === undefined) return refused({ code: 'dialect_not_served' });
  const { model, stream, body, target, goal, depthMax } = order;
  const losses = new Losses();
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString();
  const request = exactJson(text) as Fields;
  const conversation = from.readRequest(request, { model, stream }, losses);
  const limited = withinModel(conversation, goal.outputTokensMax);
  const written = to.writeRequest(limited, { ...goal, names: from.settingNames }, losses);
  // seam: what-is-lost-is-refused
  if (losses.refusal !== null) return refused(losses.refusal);
  const read = endpointOf(to, stream).read(
    { body: Buffer.from(JSON.stringify(written)), target: to.target?.(goal.model, stream) },
    depthMax,
  );
  if (!read.ok) return read;
  const asked = { wantsUsage: conversation.wantsUsage, asEvents: target?.asEvents ?? true };
  return { ok: true, facts: read.facts, leftOut: losses.leftOut, asked };
}

/** A limit above what the model can write limits nothing, and is refused by providers. */
function withinModel(conversation: Conversation, most: number | null): Conversation {
  const { settings } = conversation;
  const { outputTokensMax: stated } = settings;
  if (stated === null || most === null || stated <= most) return conversation;
  return { ...conversation, settings: { ...settings, outputTokensMax: most } };
}

/** @throws Error if the dialect has no such endpoint: that is a defect of ours */
export function endpointOf({ dialect, endpoint }: Codec, stream: boolean): Endpoint {
  const name = endpoint(stream);
  const own = dialects.find(({ name: of }) => of === dialect)?.endpoints;
  const found = own?.find(({ name: of }) => of === name);
  if (found === undefined) throw new Error(`there is no endpoint ${name}`);
  return found;
}

function refused(refusal: Refusal): { ok: false; refusal: Refusal } {
  return { ok: false, refusal };
}
