import { describe, expect, it } from 'vitest';
import { instant, instantOrDate, instantOrDateUtc } from './instant.ts';

const read = (text: string) => {
  const parsed = instant.safeParse(text);
  return parsed.success ? parsed.data : `refused: ${parsed.error.issues[0]?.message}`;
};

describe('one instant has one text, however it was written', () => {
  it.each([
    ['2026-11-28T10:00:00Z', '2026-11-28T10:00:00.000Z'],
    ['2026-11-28t10:00:00z', '2026-11-28T10:00:00.000Z'],
    ['2026-11-28T10:00:00+05:30', '2026-11-28T04:30:00.000Z'],
    ['2026-11-28T10:00:00-00:00', '2026-11-28T10:00:00.000Z'],
    ['2026-11-28T00:10:00+23:59', '2026-11-27T00:11:00.000Z'],
    ['2026-11-28T10:00:00.1Z', '2026-11-28T10:00:00.100Z'],
    ['2026-11-28T10:00:00.123456789Z', '2026-11-28T10:00:00.123Z'],
    ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00.000Z'],
    // Never rounded into the next day.
    ['2026-11-30T23:59:59.999999999Z', '2026-11-30T23:59:59.999Z'],
  ])('%s is %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });

  it.each([
    ['2026-11-28', 'a day is no instant'],
    ['2026-02-30', 'not a date and time that exists'],
    ['2026-11-28 10:00:00Z', 'a blank between day and time'],
    ['2026-11-28T23:59:60Z', 'a leap second'],
    ['2026-11-28T10:00Z', 'no seconds'],
    ['2026-11-28T10:00:00', 'no offset'],
    ['2026-11-28T10:00:00.123', 'no offset'],
    ['2026-11-28T10:00:00+0530', 'an offset without its colon'],
    ['2026-11-28T10:00:00+05', 'an offset without its colon'],
    ['2026-11-28T10:00:00.1234567890Z', 'at most nine decimals'],
    ['2026-02-29T10:00:00Z', 'not a date and time that exists'],
    ['2026-11-28T24:00:00Z', 'not a date and time that exists'],
    ['2026-11-28T10:00:00+24:00', 'not a date and time that exists'],
    ['2026-11-28T10:00:00.Z', 'not a date and time that exists'],
    ['20261128T100000Z', 'not a date and time that exists'],
    ['1795860000', 'not a date and time that exists'],
    [' 2026-11-28T10:00:00Z', 'not a date and time that exists'],
    ['1970-01-01T00:00:00+01:00', 'must be from 1970 on and before 2100'],
    ['2099-12-31T23:59:59-00:01', 'must be from 1970 on and before 2100'],
  ])('%s is refused by name: %s', (text, reason) => {
    expect(read(text)).toContain(`refused: ${reason}`);
  });
});

it('a plain date is a day where one is meant, and exists', () => {
  const days = ['2026-11-01', '2026-02-30', '2099-12-31', '2026-11-01T01:00:00+01:00'];
  const given = (schema: typeof instantOrDate | typeof instantOrDateUtc) =>
    days.map((text) => schema.safeParse(text).data ?? null);
  expect(given(instantOrDate)).toEqual(['2026-11-01', null, null, '2026-11-01T00:00:00.000Z']);
  const first = '2026-11-01T00:00:00.000Z';
  expect(given(instantOrDateUtc)).toEqual([first, null, null, first]);
});
