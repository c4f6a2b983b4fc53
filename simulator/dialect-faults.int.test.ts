/** Each fault of an answer has its effect in every dialect, and the bill says what was generated. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fixture, startFixture } from './testing/simulator-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.remove());

const turn = [{ role: 'user', content: 'Say something.' }];
const contents = [{ role: 'user', parts: [{ text: 'Say something.' }] }];
const gemini = '/v1beta/models/sim-gemini';
const response = { model: 'sim-large', input: 'Say something.' };
const message = { model: 'sim-claude', max_tokens: 99, messages: turn };

/** What states the output of each, at its end. */
const dialects: readonly [name: string, path: string, body: object, counted: RegExp][] = [
  ['messages', '/v1/messages', message, /"output_tokens":40\b/g],
  [
    ...(['messages streamed', '/v1/messages'] as const),
    ...([{ ...message, stream: true }, /"output_tokens":40\b/g] as const),
  ],
  ['responses', '/v1/responses', response, /"output_tokens":40\b/g],
  [
    ...(['responses streamed', '/v1/responses'] as const),
    ...([{ ...response, stream: true }, /"output_tokens":40\b/g] as const),
  ],
  ['content', `${gemini}:generateContent`, { contents }, /"candidatesTokenCount":40\b/g],
  [
    ...(['content as events', `${gemini}:streamGenerateContent?alt=sse`] as const),
    ...([{ contents }, /"candidatesTokenCount":40\b/g] as const),
  ],
  [
    ...(['content as an array', `${gemini}:streamGenerateContent`] as const),
    ...([{ contents }, /"candidatesTokenCount":40\b/g] as const),
  ],
];

/** One call that generates 40 tokens, and what was charged for it. */
async function call(path: string, body: object, fault: string) {
  const before = (await fixture.simulator.bill()).length;
  const answer = await fetch(`${fixture.simulator.url}${path}`, {
    method: 'POST',
    headers: {
      ...{ authorization: 'Bearer any-key', 'anthropic-version': '2023-06-01' },
      ...{ 'x-sim-fault': fault, 'x-sim-output-tokens': '40', 'x-sim-reasoning-tokens': '0' },
    },
    body: JSON.stringify(body),
  });
  const text = await answer.text().catch(() => 'broken off');
  const lines = (await fixture.simulator.bill()).slice(before);
  const charged = lines.map(({ output_tokens, outcome }) => ({ output_tokens, outcome }));
  return { text, charged };
}

const count = (text: string, pattern: RegExp) => text.match(pattern)?.length ?? 0;

describe.each(dialects)('the simulator answering %s', (_, path, body, counted) => {
  it('states no usage at its end where it is missing, and charges it', async () => {
    const whole = await call(path, body, 'none');
    expect(count(whole.text, counted)).toBeGreaterThanOrEqual(1);
    expect(whole.charged).toEqual([{ output_tokens: 40, outcome: 'complete' }]);
    const { text, charged } = await call(path, body, 'usage_missing');
    expect(count(text, counted)).toBe(0);
    expect(charged).toEqual([{ output_tokens: 40, outcome: 'fault' }]);
  });

  it('states usage once more where it is twice, and charges once', async () => {
    const usage = /"(output_tokens|candidatesTokenCount)":\d+/g;
    const once = await call(path, body, 'none');
    const twice = await call(path, body, 'usage_twice');
    expect(count(twice.text, usage)).toBe(count(once.text, usage) + 1);
    expect(twice.charged).toEqual([{ output_tokens: 40, outcome: 'complete' }]);
  });

  it.each([
    ['breaks off', 'reset_after:60', (text: string) => expect(text).toBe('broken off')],
    [
      ...(['cannot be parsed', 'malformed_sse'] as const),
      (text: string) => {
        const events = text.startsWith('{') || text.startsWith('[') ? [text] : dataOf(text);
        expect(() => events.map((event) => JSON.parse(event))).toThrow(SyntaxError);
      },
    ],
  ] as const)('%s where it is told to, and is charged in full', async (_why, fault, check) => {
    const { text, charged } = await call(path, body, fault);
    check(text);
    expect(charged).toEqual([{ output_tokens: 40, outcome: 'fault' }]);
  });
});

function dataOf(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []));
}
