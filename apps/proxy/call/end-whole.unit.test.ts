import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { endWhole } from './end-whole.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

class Response extends EventEmitter {
  writableLength: number;
  destroyed = false;
  constructor(unread: number) {
    super();
    this.writableLength = unread;
  }
  end(): this {
    return this;
  }
  destroy(): this {
    this.destroyed = true;
    this.emit('close');
    return this;
  }
}

function ended(unread: number) {
  const response = new Response(unread);
  let done = 0;
  endWhole(response as never, Buffer.from('x'), 100, () => done++);
  return { response, done: () => done };
}

it('an answer that the connection has taken is done with', () => {
  const { response, done } = ended(0);
  vi.advanceTimersByTime(1_000);
  expect([done(), response.destroyed]).toEqual([1, false]);
});

it('one that its client does not read is given up, and counts until then', () => {
  const { response, done } = ended(1);
  vi.advanceTimersByTime(99);
  expect([done(), response.destroyed]).toEqual([0, false]);
  vi.advanceTimersByTime(1);
  expect([done(), response.destroyed]).toEqual([1, true]);
});

it('one that is read late is not', () => {
  const { response, done } = ended(1);
  response.emit('close');
  vi.advanceTimersByTime(1_000);
  expect([done(), response.destroyed]).toEqual([1, false]);
});
