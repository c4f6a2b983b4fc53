import { describe, expect, it } from 'vitest';
import { offsetsOf } from './kafka-appender.ts';

const answer = (partition: number, baseOffset?: string) => ({
  topicName: 'usage',
  partition,
  errorCode: 0,
  ...(baseOffset === undefined ? {} : { baseOffset }),
});
const messages = [{ partition: 1 }, { partition: 0 }, { partition: 1 }];

describe('the offsets of a send', () => {
  it('count up from the base of each partition, in the order given', () => {
    expect(offsetsOf(messages, [answer(0, '7'), answer(1, '40')])).toEqual([40n, 7n, 41n]);
  });

  // kafkajs drops a partition whose leader moves, between two tries, to a broker that has already
  // answered.
  it('are not known when a partition is missing in the answer: it was never sent', () => {
    expect(() => offsetsOf(messages, [answer(1, '40')])).toThrow('partition 0');
  });

  it('are not known when the broker takes the batch for an old one that it no longer remembers', () => {
    expect(() => offsetsOf(messages, [answer(0, '-1'), answer(1, '40')])).toThrow('partition 0');
    expect(() => offsetsOf(messages, [answer(0), answer(1, '40')])).toThrow('partition 0');
  });
});
