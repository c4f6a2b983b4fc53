/** One dialect in the tests of translation: as its own clients and its own providers speak it. */
import type { Codec } from '../codec.ts';
import type { AnswerShape, SaidShape, Shape, StopShape, UsageShape } from './shapes.ts';

/** What a client's SDK has made of an answer. */
export type Told = {
  text: string;
  thought: string;
  calls: readonly { id: string; name: string; input: unknown }[];
  stop: StopShape | null;
  usage: { inputTotal: number; cacheRead: number; output: number } | null;
};

export type Side = {
  codec: Codec;
  /** What a client of its own sends a provider of its own, without what asks for a stream. */
  request(shape: Shape, model: string): object;
  /** The same, of a stream. */
  streamRequest(shape: Shape, model: string): object;
  /** Its path below the provider's base URL. */
  path(model: string, isStream: boolean): string;
  /** Asks by the official SDK. */
  ask(shape: Shape, fetch: typeof globalThis.fetch, isStream: boolean): Promise<Told>;
  whole(answer: AnswerShape): string;
  stream(answer: AnswerShape): string;
  /** What of a conversation its requests have no words for. */
  lacks: readonly ('isAlone' | 'endUser' | 'title' | 'texts')[];
  /** What it can say of a stop. */
  stop(stop: StopShape): StopShape;
  /** What its providers can state. */
  states(usage: UsageShape): UsageShape;
};

/** A conversation as a client can say it that lacks some words. */
export function asSaidBy({ lacks }: Side, shape: Shape): Shape {
  const { isAlone, endUser, turns, ...rest } = shape;
  const said = turns.map((turn) => ({
    ...turn,
    says: (lacks.includes('texts') ? asOneText(turn.says) : turn.says).map((part) =>
      'pdf' in part && lacks.includes('title') ? { pdf: part.pdf } : part,
    ),
  }));
  return {
    ...{ ...rest, turns: said },
    ...(isAlone && !lacks.includes('isAlone') && { isAlone }),
    ...(endUser && !lacks.includes('endUser') && { endUser }),
  };
}

/** Several texts alone are one, with a line between them. */
function asOneText(says: readonly SaidShape[]): readonly SaidShape[] {
  const texts = says.flatMap((part) => ('text' in part && !('result' in part) ? [part.text] : []));
  return texts.length > 1 && texts.length === says.length ? [{ text: texts.join('\n\n') }] : says;
}

export function textOf({ says }: AnswerShape): string {
  return says.map((said) => ('text' in said ? said.text : '')).join('');
}

export function thoughtOf({ says }: AnswerShape): string {
  return says.map((said) => ('thought' in said ? said.thought : '')).join('');
}

/** Pieces of a text, as a stream has them. */
export function pieces(text: string, length = 7): string[] {
  const all = [...text];
  const count = Math.ceil(all.length / length);
  return Array.from({ length: count }, (_, at) =>
    all.slice(at * length, (at + 1) * length).join(''),
  );
}
