/**
 * Whatever is said: what is read of a request that was written in a dialect is what was said, and what is read
 * of an answer is what was answered, however its bytes come.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SseRelay } from '../relay/sse-relay.ts';
import type { AnswerEvent } from './answer-events.ts';
import { anthropicCodec } from './anthropic/codec.ts';
import type { Codec } from './codec.ts';
import type { Conversation, Part, Turn } from './conversation.ts';
import { geminiCodec } from './gemini/codec.ts';
import { Losses } from './losses.ts';
import { openAiCodec } from './openai/codec.ts';

const codecs: readonly [string, Codec][] = [openAiCodec, anthropicCodec, geminiCodec].map(
  (codec) => [codec.dialect, codec],
);
const RUNS = { numRuns: 150 };
const said = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' });
const name = fc.stringMatching(/^[a-z][a-z_]{0,9}$/);
const json = fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 });
const text = said.map((one): Part => ({ kind: 'text', text: one }));
const picture = fc.base64String({ minLength: 4, maxLength: 16 }).map(
  (data): Part => ({
    kind: 'media',
    mediaType: 'image/png',
    source: { data },
    name: null,
    at: '',
  }),
);

/** A call with its result: each has an id of its own. */
const round = fc.record({ name, input: json, output: said });

const conversation = fc
  .record({
    system: fc.option(said, { nil: null }),
    first: fc.array(fc.oneof(text, picture), { minLength: 1, maxLength: 3 }),
    rounds: fc.array(fc.array(round, { minLength: 1, maxLength: 3 }), { maxLength: 3 }),
    tools: fc.uniqueArray(fc.record({ name, about: fc.option(said, { nil: null }) }), {
      ...{ selector: (tool) => tool.name, maxLength: 3 },
    }),
    temperature: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: null }),
    stop: fc.array(said, { maxLength: 4 }),
    limit: fc.integer({ min: 1, max: 10_000 }),
  })
  .map(({ system, first, rounds, tools, temperature, stop, limit }): Conversation => {
    let calls = 0;
    const turns: Turn[] = [];
    if (system !== null)
      turns.push({ role: 'system', parts: [{ kind: 'text', text: system }], at: '' });
    turns.push({ role: 'user', parts: first, at: '' });
    for (const together of rounds) {
      const ids = together.map(() => `call_${++calls}`);
      turns.push({
        role: 'assistant',
        parts: together.map(({ name: of, input }, at): Part => {
          return { kind: 'call', id: ids[at] as string, name: of, input, signature: null };
        }),
        at: '',
      });
      turns.push({
        role: 'user',
        parts: together.map(({ output }, at): Part => {
          const parts = [{ kind: 'text' as const, text: output }];
          return { kind: 'result', id: ids[at] as string, parts, isError: false, at: '' };
        }),
        at: '',
      });
    }
    return {
      ...{ model: 'm', stream: false, turns, wantsUsage: true },
      tools: tools.map((tool) => ({
        ...{ name: tool.name, description: tool.about, strict: null },
        schema: { type: 'object', properties: {} },
      })),
      ...{
        toolChoice: tools.length > 0 ? { kind: 'auto' } : null,
        parallelCalls: null,
        format: null,
      },
      settings: {
        ...{ outputTokensMax: limit, temperature, topP: null, topK: null, seed: null },
        ...{ frequencyPenalty: null, presencePenalty: null, stop },
      },
      ...{ thinking: null, endUser: null },
    };
  });

/**
 * Without what is not said but where: results of calls are turns of their own in some dialects, and several
 * texts of one turn are one.
 */
function plain({ turns, ...rest }: Conversation): object {
  const parts = turns.flatMap(({ role, parts: all }) => {
    const texts = all.flatMap((part) => (part.kind === 'text' ? [part.text] : []));
    const isText = texts.length === all.length;
    const said: readonly Part[] = isText ? [{ kind: 'text', text: texts.join('\n\n') }] : all;
    return said.map((part) => ({ role, ...unplaced(part) }));
  });
  return JSON.parse(JSON.stringify({ ...rest, wantsUsage: true, parts }));
}

function unplaced(part: Part): object {
  if (part.kind === 'result') return { ...part, at: '', parts: part.parts.map(unplaced) };
  return 'at' in part ? { ...part, at: '' } : part;
}

describe.each(codecs)('a conversation in the dialect of %s', (_, codec) => {
  it('is read as it was written', () => {
    fc.assert(
      fc.property(conversation, (given) => {
        const losses = new Losses();
        const goal = {
          model: 'm',
          outputTokensMax: 9,
          outputLimitField: 'max_tokens',
          names: codec.settingNames,
        };
        const written = JSON.parse(JSON.stringify(codec.writeRequest(given, goal, losses)));
        const read = codec.readRequest(written, { model: 'm', stream: false }, losses);
        expect([losses.refusal, losses.leftOut]).toEqual([null, []]);
        expect(plain(read)).toEqual(plain(given));
      }),
      RUNS,
    );
  });
});

type Answer = { parts: ({ text: string } | { name: string; input: object })[] };
const answer = fc.record({
  parts: fc.array(fc.oneof(fc.record({ text: said }), fc.record({ name, input: json })), {
    maxLength: 5,
  }),
});

function eventsOf({ parts }: Answer): AnswerEvent[] {
  let key = 0;
  const events = parts.flatMap((part): AnswerEvent[] => {
    if ('text' in part) return [{ kind: 'text', text: part.text }];
    key++;
    return [
      { kind: 'call', key, id: `call_${key}`, name: part.name, signature: null },
      { kind: 'input', key, json: JSON.stringify(part.input) },
    ];
  });
  const stop = { kind: 'stop' as const, reason: key > 0 ? ('calls' as const) : ('end' as const) };
  return [{ kind: 'start', id: 'id', model: 'm' }, ...events, { ...stop, sequence: null }];
}

/** What is said, whatever its pieces. Some dialects have one text next to the calls. */
function sayings(events: readonly AnswerEvent[]): object {
  let all = '';
  const calls: { id: string; name: string; json: string }[] = [];
  for (const event of events) {
    if (event.kind === 'text') all += event.text;
    else if (event.kind === 'call') calls.push({ id: event.id, name: event.name, json: '' });
    else if (event.kind === 'input') (calls.at(-1) as { json: string }).json += event.json;
  }
  const inputs = calls.map(({ json: given, ...call }) => ({
    ...call,
    input: JSON.parse(given || '{}'),
  }));
  const { reason } = events.find((event) => event.kind === 'stop') ?? { reason: null };
  return { all, inputs, reason };
}

const usage = { input: 1, cacheRead: 0, cacheWrite: 0, output: 1, thinking: 0 };
const asked = { wantsUsage: true, asEvents: true, atSeconds: 1 };

describe.each(codecs)('an answer in the dialect of %s', (_, codec) => {
  it('is read as it was written, whole', () => {
    fc.assert(
      fc.property(answer, (given) => {
        const events = eventsOf(given);
        const written = JSON.parse(JSON.stringify(codec.writeWhole(events, usage, asked)));
        expect(sayings(codec.readWhole(written))).toEqual(sayings(events));
      }),
      RUNS,
    );
  });

  it('is read as it was written, in pieces of any length', () => {
    fc.assert(
      fc.property(answer, fc.integer({ min: 1, max: 300 }), (given, bytes) => {
        const events = eventsOf(given);
        const writer = codec.openWriter(asked);
        const stream = Buffer.from(
          events.map((event) => writer.write(event)).join('') + writer.end(usage),
        );
        const reader = codec.openReader();
        const read: AnswerEvent[] = [];
        const relay = new SseRelay(
          {
            read: (data) => {
              const found = reader.read(data);
              if (found === null) return 'part';
              read.push(...found);
              return 'drop';
            },
            onUnread: () => expect.unreachable('an event was not understood'),
          },
          1_000_000,
        );
        for (let at = 0; at < stream.length; at += bytes)
          relay.push(stream.subarray(at, at + bytes));
        expect(sayings(read)).toEqual(sayings(events));
      }),
      RUNS,
    );
  });
});
