import { gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { isBlank, isEvents, packingOf } from './body-kind.ts';

const SSE = 'text/event-stream';

describe('events', () => {
  it.each([
    'data: a',
    'data:',
    'd',
    ': c',
    ':',
    'event: x',
    'ev',
    'id: 1',
    'i',
    'retry: 5',
    '\n\r data:',
  ])('%j says itself that it is', (first) => {
    expect([isEvents(undefined, Buffer.from(first)), isEvents('a/b', Buffer.from(first))]).toEqual([
      true,
      true,
    ]);
  });

  it.each(['{"a":1}', '[', '  {', '\ufeff{', '\ufeff\n['])('%j says that it is not', (first) => {
    expect(isEvents(SSE, Buffer.from(first))).toBe(false);
  });

  it.each(['', ' \n', 'x', '<html>', 'dat4:', 'idle', '"data:'])(
    'of %j the head decides',
    (first) => {
      const bytes = Buffer.from(first);
      expect([isEvents(SSE, bytes), isEvents([SSE], bytes), isEvents('a', bytes)]).toEqual([
        true,
        true,
        false,
      ]);
    },
  );
});

describe('a packed body', () => {
  const text = Buffer.from('{}');

  it.each([
    [undefined, null],
    ['', null],
    ['identity', null],
    ['identity, identity', null],
    ['gzip', 'gzip'],
    ['x-gzip', 'gzip'],
    [' GZIP ', 'gzip'],
    ['gzip, identity', 'gzip'],
    ['deflate', 'deflate'],
    ['br', 'br'],
    ['zstd', 'zstd'],
    ['compress', 'unknown'],
    ['gzip, br', 'unknown'],
  ])('%j is %s', (named, packing) => {
    expect(packingOf(named, text)).toBe(packing);
  });

  it('is known by its first bytes where it does not say so', () => {
    const first = [gzipSync(text), zstdCompressSync(text), Buffer.from([0x1f]), Buffer.alloc(0)];
    expect(first.map((bytes) => packingOf(undefined, bytes))).toEqual(['gzip', 'zstd', null, null]);
  });
});

it('blank is what has nothing but spaces and line ends', () => {
  const texts = ['', ' ', '\r\n\t', ' {', '\ufeff', '\0'];
  expect(texts.map((text) => isBlank(Buffer.from(text)))).toEqual([
    ...[true, true, true, false, false, false],
  ]);
});
