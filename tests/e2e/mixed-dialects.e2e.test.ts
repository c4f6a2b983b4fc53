/** One hard budget under calls of every dialect at once, through two proxies: by the provider's own bill. */
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse } from './platform-house.ts';

let house: PlatformHouse;
beforeAll(async () => {
  house = await openPlatform();
});
afterAll(() => house.close());

const LIMIT = '0.030000000000';
const CALLS_EACH = 25;
const text = 'How much is the fish?';
const user = [{ role: 'user', content: text }];

/** Each may cost some $0.003, and costs less. */
const asks: readonly [name: string, path: string, body: object, code: (error: never) => unknown][] =
  [
    [
      'chat',
      '/v1/chat/completions',
      { model: 'sim-claude', max_tokens: 150, messages: user },
      (body: { error: { code: string } }) => body.error.code,
    ],
    [
      'responses',
      '/v1/responses',
      { model: 'sim-claude', max_output_tokens: 150, input: text },
      (body: { error: { code: string } }) => body.error.code,
    ],
    [
      'messages',
      '/v1/messages',
      { model: 'sim-claude', max_tokens: 150, messages: user },
      (body: { error: { code: string } }) => body.error.code,
    ],
    [
      'gemini',
      '/v1beta/models/sim-claude:generateContent',
      {
        contents: [{ role: 'user', parts: [{ text }] }],
        generationConfig: { maxOutputTokens: 150 },
      },
      (body: { error: { details: { reason?: string }[] } }) =>
        body.error.details[0]?.reason?.toLowerCase(),
    ],
  ];

it('I3: is never exceeded, and each dialect is told which budget it was', async () => {
  const dialects = new Set(['openai', 'anthropic', 'gemini'] as const);
  const { url: base } = house.simulator;
  const openai = await house.proxy(undefined, { dialects });
  const gemini = await house.proxy(`${base}/v1beta`, { dialects: new Set(['gemini'] as const) });
  const key = await house.key(await house.customer());
  await house.budget(key.id, LIMIT);
  const call = async ([name, path, body, codeOf]: (typeof asks)[number]) => {
    const { url } = name === 'gemini' ? gemini : openai;
    const response = await fetch(`${url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key.secret}` },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as never;
    return { name, status: response.status, code: response.ok ? null : codeOf(answer) };
  };
  const answers = await Promise.all(
    Array.from({ length: CALLS_EACH }, () => asks.map(call)).flat(),
  );
  const lines = await house.simulator.bill();
  const spent = lines.reduce((sum, line) => sum + parseDecimal12(line.cost), 0n);
  expect(spent).toBeLessThanOrEqual(parseDecimal12(LIMIT));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(lines.length);
  // Some passed, and what did not was refused as it should be.
  expect(lines.length).toBeGreaterThan(5);
  const refused = answers.filter(({ status }) => status !== 200);
  expect(new Set(refused.map(({ status, code }) => `${status} ${code}`))).toEqual(
    new Set(['402 budget_exceeded']),
  );
  expect(new Set(refused.map(({ name }) => name))).toEqual(new Set(asks.map(([name]) => name)));
  expect(formatDecimal12(spent)).not.toBe(formatDecimal12(0n));
});
