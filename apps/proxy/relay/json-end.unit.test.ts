import { describe, expect, it } from 'vitest';
import { JsonEnd } from './json-end.ts';

/** Whether it has ended, told at each of these pieces. */
function ended(...pieces: string[]): boolean[] {
  const end = new JsonEnd();
  return pieces.map((piece) => {
    end.push(Buffer.from(piece));
    return end.isClosed;
  });
}

describe('a JSON text has come to its end', () => {
  it.each(['{}', '[]', '[{"a":"}"}]', ' {"a":{}}\r\n ', '{"a\\"}":"\\\\"}', '\ufeff{"a":[1]}'])(
    '%j, however it is cut',
    (text) => {
      for (let cut = 0; cut <= text.length; cut++) {
        expect([cut, ended(text.slice(0, cut), text.slice(cut))[1]]).toEqual([cut, true]);
      }
      expect(ended(...text.trimEnd()).indexOf(true)).toBe(text.trimEnd().length - 1);
    },
  );

  it.each(['', '{', '{"a":"}', '{"a":"\\"}', '[[]', '{}{', '{} x', '{}]', '3', 'null', '"a"', 'x'])(
    'not in %j',
    (text) => {
      for (let cut = 0; cut <= text.length; cut++) {
        expect([cut, ended(text.slice(0, cut), text.slice(cut))[1]]).toEqual([cut, false]);
      }
    },
  );
});
