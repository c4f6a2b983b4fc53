import { expect, it } from 'vitest';
import { streamCategory } from './stream-category.ts';

it('a stream names the object that it belongs to, and no other category', () => {
  const keys = streamCategory('key');
  expect(keys.of('key_1')).toBe('key-key_1');
  expect(keys.idOf('key-key-1')).toBe('key-1');
  expect('keys-1'.startsWith(keys.prefix)).toBe(false);
  expect(() => keys.idOf('team-1')).toThrow('team-1 is not a stream of key');
});
