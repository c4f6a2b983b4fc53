/**
 * Every pair of dialects, by the official SDKs of their clients: what a provider is sent is what its own
 * client would send, and what the client's SDK makes of the answer is what was said.
 */
import { describe, expect, it } from 'vitest';
import { anthropicSide } from './testing/anthropic-side.ts';
import { geminiSide } from './testing/gemini-side.ts';
import { wire } from './testing/in-process.ts';
import { openAiSide } from './testing/openai-side.ts';
import { shapes } from './testing/shapes.ts';
import { asSaidBy, type Side, type Told, textOf, thoughtOf } from './testing/side.ts';

const sides: readonly Side[] = [openAiSide, anthropicSide, geminiSide];
const pairs = sides.flatMap((from) =>
  sides.filter((to) => to !== from).map((to): [string, Side, Side] => [nameOf(from, to), from, to]),
);

function nameOf(from: Side, to: Side): string {
  return `${from.codec.dialect} client, ${to.codec.dialect} provider`;
}

const JSON_TYPE = 'application/json';
const EVENTS = 'text/event-stream';

function expected(from: Side, to: Side, { answer }: (typeof shapes)[number]): Told {
  const { input, cacheRead, cacheWrite, output } = to.states(answer.usage);
  return {
    text: textOf(answer),
    thought: thoughtOf(answer),
    calls: answer.says.flatMap((said) =>
      'call' in said ? [{ id: said.call, name: said.name, input: said.input }] : [],
    ),
    stop: from.stop(to.stop(answer.stop)),
    usage: { inputTotal: input + cacheRead + cacheWrite, cacheRead, output },
  };
}

/** What is left out of a request, as the client calls it. */
function leftOut(from: Side, to: Side, { endUser }: (typeof shapes)[number]): string[] {
  return endUser !== undefined && to.lacks.includes('endUser')
    ? [from.codec.settingNames.endUser]
    : [];
}

describe.each(pairs)('%s', (_, from, to) => {
  const said = shapes.map((shape) => asSaidBy(from, shape));
  // What cannot be said there is refused (`losses.unit.test.ts`).
  const rows = said
    .filter(({ isAlone }) => isAlone === undefined || !to.lacks.includes('isAlone'))
    .map((shape) => [shape.name, shape] as const);

  it('has sixty conversations', () => expect(rows.length).toBeGreaterThanOrEqual(60));

  it.each(rows)('%s', async (_name, shape) => {
    const whole = wire(from, to, { type: JSON_TYPE, body: to.whole(shape.answer) });
    const told = await from.ask(shape, whole.fetch, false);
    expect(whole.sent).toMatchObject([{ path: to.path('there', false) }]);
    expect(whole.sent[0]?.json).toEqual(to.request(asSaidBy(to, shape), 'there'));
    expect(told).toEqual(expected(from, to, shape));
    expect(whole.request().translation?.leftOut).toEqual(leftOut(from, to, shape));
  });

  it.each(rows)('%s, as a stream', async (_name, shape) => {
    const events = wire(from, to, { type: EVENTS, body: to.stream(shape.answer) });
    const told = await from.ask(shape, events.fetch, true);
    expect(events.sent).toMatchObject([{ path: to.path('there', true) }]);
    expect(events.sent[0]?.json).toEqual(to.streamRequest(asSaidBy(to, shape), 'there'));
    expect(told).toEqual(expected(from, to, shape));
  });
});
