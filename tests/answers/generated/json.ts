/** JSON answers with usage at every place, in any order, of chats and of embeddings. */
import type { MadeAnswer } from './made-answer.ts';
import { contraryOf, EMPTY, lesserOf, smallerOf, statementOf, UNREAD } from './spellings.ts';
import { oneOf, perhaps, type Random, type Truth, truthOf, upTo } from './truth.ts';

type Members = [name: string, value: unknown][];

const PLACES = ['usage', 'usage', 'usage', 'x_groq', 'usageMetadata', 'choice', 'message'] as const;

/** A message in one of the members that text comes in. */
function messageOf(text: string, random: Random): [message: object, isUnreadable: boolean] {
  const isUnreadable = text !== '' && perhaps(random, 0.08);
  const readable: readonly object[] = [
    ...[{ content: text }, { content: text }, { content: text, refusal: null, annotations: [] }],
    ...[
      { content: '', reasoning_content: text },
      { content: null, reasoning: text },
    ],
    { content: [{ type: 'text', text }] },
    { tool_calls: [{ id: 'c', type: 'function', function: { name: 'f', arguments: text } }] },
    { function_call: { name: 'f', arguments: text } },
    { thinking: text, reasoning_content: text },
  ];
  const unreadable: readonly object[] = [
    ...[
      { content: '', images: [{ url: `data:${text}` }] },
      { content: 'x', draft: text },
    ],
    { content: null, audio: { data: text } },
  ];
  return [
    { role: 'assistant', ...oneOf(random, isUnreadable ? unreadable : readable) },
    isUnreadable,
  ];
}

export function jsonOf(random: Random): MadeAnswer {
  const words = upTo(random, 12);
  const truth = truthOf(random, words);
  const statement = statementOf(truth, random);
  const text = Array.from({ length: words }, () => ' lorem').join('');
  const [message, isUnreadable] = messageOf(text, random);
  const choice: Record<string, unknown> = { index: 0, message, finish_reason: 'stop' };
  const isOddNumber = perhaps(random, 0.05);
  if (isOddNumber) choice['logprobs'] = { content: ['NaN', '-Infinity'] };
  const members: Members = [
    ...([
      ['id', 'c-1'],
      ['object', 'chat.completion'],
      ['model', 'm'],
    ] as Members),
    ['choices', [choice]],
  ];
  const said: string[] = [];
  const say = (usage: unknown, what: string): void => {
    const place = oneOf(random, PLACES);
    const free = !members.some(([name]) => name === place);
    said.push(what);
    if (place === 'choice' && choice['usage'] === undefined) choice['usage'] = usage;
    else if (place === 'message' && !('usage' in message)) Object.assign(message, { usage });
    else if (place === 'x_groq' && free) members.push(['x_groq', { id: 'r', usage }]);
    else if ((place === 'usage' || place === 'usageMetadata') && free) members.push([place, usage]);
    else said.pop();
  };
  const isTold = perhaps(random, 0.8);
  if (isTold) say(statement.usage, 'truth');
  if (isTold && perhaps(random, 0.2)) say(statement.usage, 'truth');
  while (perhaps(random, 0.2)) say(oneOf(random, EMPTY), 'nothing');
  if (isTold && said.includes('truth')) {
    if (perhaps(random, 0.1)) say(smallerOf(truth, random), 'less');
    if (perhaps(random, 0.1)) say(contraryOf(truth, random), 'contrary');
  }
  if (perhaps(random, 0.1)) say(lesserOf(truth, random), 'less');
  if (perhaps(random, 0.05))
    say({ ...(statement.usage as object), ...oneOf(random, UNREAD) }, 'unread');
  const isError = perhaps(random, 0.05);
  if (isError) members.push(['error', { message: 'overloaded' }]);
  const json = `${bodyOf(shuffled(members, random))}${perhaps(random, 0.2) ? '\n' : ''}`;
  const bytes = Buffer.from(
    isOddNumber ? json.replace('"NaN"', 'NaN').replace('"-Infinity"', '-Infinity') : json,
  );
  const ending = oneOf(random, ['whole', 'whole', 'whole', 'whole', 'broken', 'left'] as const);
  const length =
    ending === 'whole' ? bytes.length : upTo(random, Buffer.byteLength(json.trimEnd()) - 10);
  return {
    shape: `JSON, ${said.join(' ')}`,
    request: 'chat',
    contentType: 'application/json',
    bytes: bytes.subarray(0, length),
    ...{ ending, truth, words, isError },
    mustBeTaken:
      ending === 'whole' &&
      statement.isPlain &&
      said.includes('truth') &&
      !said.includes('contrary') &&
      !said.includes('unread'),
    mustBeUnknown: said.includes('unread') || said.includes('contrary'),
    mayBeEstimated:
      ending === 'whole' && said.every((what) => what === 'nothing') && !isUnreadable && !isError,
    isSearchable: choice['usage'] === undefined && !('usage' in message),
    inputIds: null,
    relayed: ending === 'whole' ? bytes : null,
  };
}

const NO_PARTS = { cacheRead: 0, cacheWrite: 0, audioInput: 0, reasoning: 0, audioOutput: 0 };

export function embeddingsOf(random: Random): MadeAnswer {
  const input = 1 + upTo(random, 40);
  const truth: Truth = { ...NO_PARTS, input, output: 0 };
  const statements: readonly [unknown, string][] = [
    [{ prompt_tokens: input, total_tokens: input }, 'truth'],
    [{ prompt_tokens: input }, 'truth'],
    [{ total_tokens: input }, 'truth'],
    [{ input_tokens: input, output_tokens: 0 }, 'truth'],
    [{ prompt_tokens: 0, total_tokens: 0 }, 'less'],
    [{ prompt_tokens: input, total_tokens: input + 3 }, 'contrary'],
    [{}, 'nothing'],
    [undefined, 'nothing'],
    [{ total_tokens: input, citation_tokens: 1 }, 'unread'],
  ];
  const [usage, what] = oneOf(random, statements);
  const data = Array.from({ length: 1 + upTo(random, 3) }, () => ({ embedding: [0.25, -1e-3] }));
  const members: Members = [
    ['object', 'list'],
    ['data', data],
    ['model', 'm'],
  ];
  if (usage !== undefined) members.push(['usage', usage]);
  const bytes = Buffer.from(bodyOf(shuffled(members, random)));
  return {
    ...{ shape: `embeddings, ${what}`, request: 'embeddings', contentType: 'application/json' },
    ...{ bytes, ending: 'whole', truth, words: 0, isError: false, relayed: bytes },
    isSearchable: true,
    mustBeTaken: what === 'truth',
    mustBeUnknown: ['less', 'contrary', 'unread'].includes(what),
    mayBeEstimated: what === 'nothing',
    inputIds: input,
  };
}

function bodyOf(members: Members): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',')}}`;
}

function shuffled<T>(list: readonly T[], random: Random): T[] {
  return list
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
