import { expect, it } from 'vitest';
import { OpaqueAnswer } from './opaque-answer.ts';

it('I9: a recording passes as it comes, but for its last byte', () => {
  const answer = new OpaqueAnswer();
  const passed = ['ab', '', 'c', 'def'].map((chunk) => {
    return Buffer.concat(answer.push(Buffer.from(chunk))).toString();
  });
  expect(passed).toEqual(['a', '', 'b', 'cde']);
  expect(Buffer.concat(answer.end()).toString()).toBe('f');
});
