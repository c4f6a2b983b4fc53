/** Streams with usage at every place: before, between and behind the text, again, smaller, without effect. */
import type { Ending, MadeAnswer } from './made-answer.ts';
import { contraryOf, EMPTY, lesserOf, smallerOf, statementOf, UNREAD } from './spellings.ts';
import { oneOf, perhaps, type Random, truthOf, upTo } from './truth.ts';

const WORDS = ['lorem', 'ipsum', 'dolor', 'consectetur', 'été', 'zwölf', '東京', 'naïve'];

type Event = {
  text: string;
  /** Words in it that can be seen. */
  words: number;
  /** The model wrote something in it, seen or not. */
  writes: boolean;
  /** It is the chunk that our own request caused. */
  isOurs: boolean;
  /** What it says of usage, if anything. */
  says: 'nothing' | 'less' | 'truth' | 'contrary' | 'unread';
  isUnreadable: boolean;
  isError: boolean;
  finishes: boolean;
};

const PLAIN: Omit<Event, 'text'> = {
  ...{ words: 0, writes: false, isOurs: false, isUnreadable: false, isError: false },
  ...{ finishes: false, says: 'nothing' },
};

const HEAD = { id: 'c-1', object: 'chat.completion.chunk', created: 1, model: 'm' };

function event(fields: object, facts: Partial<Event> = {}): Event {
  return { ...PLAIN, text: `data: ${JSON.stringify({ ...HEAD, ...fields })}\n\n`, ...facts };
}

const choice = (delta: object, finish_reason: string | null = null) => [
  { index: 0, delta, finish_reason },
];

/** A delta in one of the members that text comes in. */
function deltaOf(text: string, random: Random): [delta: object, isUnreadable: boolean] {
  const thought = { reasoning_content: text };
  const named = (name: string) => ({ [name]: text });
  const readable: readonly object[] = [
    ...[named('content'), named('content'), named('content'), named('refusal'), thought],
    ...[named('reasoning'), named('thinking'), { ...thought, reasoning: text }],
    { content: [{ type: 'text', text }] },
    { reasoning_details: [{ type: 'reasoning.text', text }] },
    { tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { arguments: text } }] },
    { function_call: { name: '', arguments: text } },
    { audio: { transcript: text } },
  ];
  const unreadable: readonly object[] = [
    ...[named('thought'), { images: [{ image_url: { url: `data:${text}` } }] }],
    ...[{ audio: { data: text } }, { content: [{ type: 'output_image', data: text }] }],
  ];
  const isUnreadable = perhaps(random, 0.06);
  return [oneOf(random, isUnreadable ? unreadable : readable), isUnreadable];
}

/** Usage in a chunk of its own, next to a choice, in it, or in a vendor's own member. */
function saying(usage: unknown, says: Event['says'], random: Random, finish = ''): Event {
  const isObject = typeof usage === 'object' && usage !== null;
  const delta = choice({}, finish === '' ? null : finish);
  const facts = { says, finishes: finish !== '' };
  if (finish === '' && perhaps(random, 0.6)) {
    return event({ choices: [], usage }, { ...facts, isOurs: isObject });
  }
  return oneOf<() => Event>(random, [
    () => event({ choices: delta, usage }, facts),
    () => event({ choices: [{ ...delta[0], usage }] }, facts),
    () => event({ choices: [{ ...delta[0], delta: { usage } }] }, facts),
    () => event({ choices: delta, x_groq: { id: 'r', usage } }, facts),
    () => event({ choices: delta, usageMetadata: usage }, facts),
  ])();
}

const textOf = (count: number, random: Random) =>
  Array.from({ length: count }, () => ` ${oneOf(random, WORDS)}`).join('');

export function streamOf(random: Random): MadeAnswer {
  const counts = Array.from({ length: upTo(random, 6) }, () => 1 + upTo(random, 4));
  const truth = truthOf(
    random,
    counts.reduce((sum, count) => sum + count, 0),
  );
  const events: Event[] = [];
  const add = (...more: Event[]) => events.push(...more);
  const usage = perhaps(random, 0.3) ? { usage: null } : {};
  add(event({ choices: choice({ role: 'assistant', content: '' }), ...usage }));
  const statement = statementOf(truth, random);
  const where = oneOf(random, ['behind', 'behind', 'finish', 'both', 'none'] as const);
  for (const [index, words] of counts.entries()) {
    const [delta, isUnreadable] = deltaOf(textOf(words, random), random);
    // The last one that is said is the total, as far as anybody can tell.
    const isLast = where === 'none' && index === counts.length - 1;
    const running = !isLast && perhaps(random, 0.1) ? { usage: smallerOf(truth, random) } : usage;
    const says = running === usage ? 'nothing' : 'less';
    add(event({ choices: choice(delta), ...running }, { words, writes: true, isUnreadable, says }));
  }
  const told = () => saying(statement.usage, 'truth', random);
  if (where === 'finish' || where === 'both') {
    add(saying(statement.usage, 'truth', random, 'stop'));
  } else {
    add(event({ choices: choice({}, 'stop') }, { finishes: true }));
  }
  if (where === 'behind' || where === 'both') add(told());
  disturb(events, () => told(), truth, random);
  if (perhaps(random, 0.1)) add({ ...PLAIN, text: ': keep-alive\n\n' });
  if (perhaps(random, 0.85)) add({ ...PLAIN, text: 'data: [DONE]\n\n' });
  const ending = oneOf(random, ['whole', 'whole', 'whole', 'broken', 'left'] as const);
  return madeOf(events, { truth, ending, isPlain: statement.isPlain, where }, random);
}

/** Puts what says nothing, less or something else among the events. */
function disturb(
  events: Event[],
  told: () => Event,
  truth: Parameters<typeof lesserOf>[0],
  random: Random,
): void {
  const put = (made: Event, to = events.length) => events.splice(1 + upTo(random, to - 1), 0, made);
  const lastText = events.findLastIndex(({ writes }) => writes);
  const isTold = events.some(({ says }) => says === 'truth');
  const finishAt = events.findIndex(({ finishes }) => finishes);
  if (perhaps(random, 0.05) && isTold) {
    put(saying(contraryOf(truth, random), 'contrary', random), finishAt);
  }
  while (perhaps(random, 0.35)) put(saying(oneOf(random, EMPTY), 'nothing', random));
  if (perhaps(random, 0.15)) put(saying(lesserOf(truth, random), 'less', random));
  // A preview that nothing follows, and that nothing larger came before, cannot be told from a total.
  if (perhaps(random, 0.15) && lastText > 0)
    put(saying(smallerOf(truth, random), 'less', random), lastText);
  if (perhaps(random, 0.1) && isTold) events.push(saying(smallerOf(truth, random), 'less', random));
  if (perhaps(random, 0.05)) put(told(), Math.max(1, lastText));
  if (perhaps(random, 0.04)) {
    const whole = told();
    const data = JSON.parse(whole.text.slice('data: '.length)) as { usage?: unknown };
    const usage = { ...(data.usage as object | undefined), ...oneOf(random, UNREAD) };
    put(saying(usage, 'unread', random));
  }
  if (perhaps(random, 0.03)) {
    put({ ...PLAIN, text: 'data: {"choices":[{"delta":\n\n', writes: true, isUnreadable: true });
  }
  if (perhaps(random, 0.04)) {
    const error = { message: 'overloaded', code: 503 };
    put(
      oneOf(random, [
        event({ error }, { isError: true }),
        event({ choices: [], error }, { isError: true }),
      ]),
    );
  }
}

/** Where a stream breaks off: in the middle of an event, or between two. */
function cutAt(events: readonly Event[], length: number, random: Random): number {
  if (perhaps(random, 0.5)) return upTo(random, length - 1);
  const whole = events.slice(0, upTo(random, events.length - 1));
  return whole.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
}

type Facts = { truth: MadeAnswer['truth']; ending: Ending; isPlain: boolean; where: string };

function madeOf(events: readonly Event[], facts: Facts, random: Random): MadeAnswer {
  const { truth, ending, isPlain } = facts;
  const all = Buffer.from(events.map(({ text }) => text).join(''));
  const length = ending === 'whole' ? all.length : cutAt(events, all.length, random);
  let end = 0;
  const seen = events.filter(({ text }) => {
    end += Buffer.byteLength(text);
    return end <= length;
  });
  const truthAt = seen.findLastIndex(({ says }) => says === 'truth');
  const writtenAt = seen.findLastIndex(({ writes }) => writes);
  const bad = (list: readonly Event[]) =>
    list.some(({ says }) => says === 'contrary' || says === 'unread');
  const isTold = truthAt > writtenAt;
  const isSilent = seen.every((event) => event.says === 'nothing');
  const isError = seen.some((event) => event.isError);
  const isReadable = !seen.some(({ isUnreadable }) => isUnreadable);
  return {
    shape: `stream, told ${facts.where}: ${events.map((event) => event.says).join(' ')}`,
    request: 'stream',
    contentType: 'text/event-stream',
    bytes: all.subarray(0, length),
    ending,
    truth,
    mustBeTaken: ending === 'whole' && isPlain && isTold && !bad(seen),
    mustBeUnknown: seen.some(({ says: said }) => said === 'unread') || (bad(seen) && truthAt >= 0),
    mayBeEstimated: ending !== 'broken' && isSilent && isReadable && !isError,
    words: seen.reduce((sum, { words }) => sum + words, 0),
    inputIds: null,
    isSearchable: false,
    relayed:
      ending === 'whole'
        ? Buffer.from(events.flatMap(({ isOurs, text }) => (isOurs ? [] : [text])).join(''))
        : null,
    isError,
  };
}
