/** An output limit that a budget makes smaller, as the provider gets it. */
import { describe, expect, it } from 'vitest';
import { chatCompletions } from './chat-request.ts';

const MESSAGES = '"messages":[{"role":"user","content":"max_tokens"}]';

function sent(body: string, field: string, tokens = 30): Record<string, unknown> {
  const read = chatCompletions.read({ body: Buffer.from(body) }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  const limit = { tokens, field, clamped: true } as const;
  const text = chatCompletions.open(read.facts).upstream('m', limit).body.toString();
  const json = JSON.parse(text) as Record<string, unknown>;
  // No field is there twice.
  expect(text.match(/"max_(completion_)?tokens":/g)?.length).toBe(
    Object.keys(json).filter((name) => /^max_/.test(name)).length,
  );
  return Object.fromEntries(Object.entries(json).filter(([name]) => /^max_/.test(name)));
}

/** What the client sent, the provider's field, and what it gets. */
const WHERE: readonly [string, string, object][] = [
  ['"max_tokens":600', 'max_tokens', { max_tokens: 30 }],
  ['"max_completion_tokens":600', 'max_completion_tokens', { max_completion_tokens: 30 }],
  ['"max_completion_tokens" : 600', 'max_tokens', { max_tokens: 30 }],
  ['"max\\u005ftokens":600', 'max_completion_tokens', { max_completion_tokens: 30 }],
  ['"max_tokens":null', 'max_tokens', { max_tokens: 30 }],
  [
    '"max_tokens":null,"max_completion_tokens":600',
    'max_tokens',
    { max_tokens: 30, max_completion_tokens: null },
  ],
  [
    '"max_tokens":600,"max_completion_tokens":700',
    'max_tokens',
    { max_tokens: 30, max_completion_tokens: 30 },
  ],
];

describe('a clamped output limit', () => {
  // 0xzr/freellmpool#93: the newer field was not known, and its limit was lost.
  it.each(WHERE)('goes where the provider looks for it: %s', (member, field, members) => {
    expect(sent(`{"model":"m",${member},${MESSAGES}}`, field)).toEqual(members);
    expect(sent(`{${MESSAGES}, "model":"m", ${member} }`, field)).toEqual(members);
  });

  // diegosouzapw/OmniRoute#2324: a gateway raised the limit of its client by 8192.
  it('is never above the one that the client set', () => {
    const body = `{"model":"m","max_tokens":600,"max_completion_tokens":20,${MESSAGES}}`;
    expect(sent(body, 'max_tokens')).toEqual({ max_tokens: 30, max_completion_tokens: 20 });
    expect(sent(`{"model":"m","max_tokens":10,${MESSAGES}}`, 'max_tokens')).toEqual({
      max_tokens: 10,
    });
    expect(sent(`{"model":"m","max_tokens":10,${MESSAGES}}`, 'max_completion_tokens')).toEqual({
      max_completion_tokens: 10,
    });
  });

  it('is added where the client set none', () => {
    expect(sent(`{"model":"m",${MESSAGES}}`, 'max_tokens')).toEqual({ max_tokens: 30 });
  });
});
