import { describe, expect, it } from 'vitest';
import { canonicalLocale, documentFormat } from './locale-format.ts';

const november = {
  startMs: Date.UTC(2026, 10, 1),
  endMs: Date.UTC(2026, 11, 1),
  timeZone: 'UTC',
};
const request = {
  ...{ locale: 'en', currency: 'EUR', timeZone: 'UTC', dueOn: '2026-12-15' },
  ...{ issuedAtMs: Date.UTC(2026, 11, 1, 2), period: november },
};

describe('how a locale writes', () => {
  it.each([
    ['en', 'USD', '1,234.5', '$|'],
    ['de-DE', 'EUR', '1.234,5', '|\u00A0€'],
    ['es-ES', 'EUR', '1234,5', '|\u00A0€'],
    ['hi-IN', 'INR', '1,234.5', '₹|'],
    ['ja-JP', 'JPY', '1,234.5', '¥|'],
    ['ar-EG', 'EGP', '1,234.5', '|\u00A0EGP'],
    ['pl', 'PLN', '1234,5', '|\u00A0zł'],
  ])('figures and money: %s, %s', (locale, currency, figure, around) => {
    const format = documentFormat({ ...request, locale, currency });
    const { decimal, group, group_digits_min, money } = format;
    expect(`1${group_digits_min > 1 ? '' : group}234${decimal}5`).toBe(figure);
    expect(`${money.before}|${money.after}`).toBe(around);
  });

  it('days: a month by its last day, and a part of one by its instants', () => {
    expect(documentFormat({ ...request, locale: 'de-DE' }).days).toEqual({
      ...{ issued: '01.12.2026', due: '15.12.2026' },
      ...{ period_start: '01.11.2026', period_end: '30.11.2026' },
    });
    const period = { ...november, endMs: Date.UTC(2026, 10, 15, 12, 30), timeZone: 'Asia/Kolkata' };
    expect(documentFormat({ ...request, locale: 'de-DE', period }).days).toMatchObject({
      ...{ period_start: '01.11.2026, 05:30:00', period_end: '15.11.2026, 18:00:00' },
    });
  });

  it('groups of digits: three, and two in India', () => {
    expect(documentFormat({ ...request, locale: 'en-IN' }).group_digits).toEqual([3, 2]);
    expect(documentFormat({ ...request, locale: 'pl' }).group_digits_min).toBe(2);
  });
});

it('a locale is one that this Node knows', () => {
  expect(canonicalLocale('de-de')).toBe('de-DE');
  expect(canonicalLocale('xx-invalid-locale-text')).toBeNull();
  expect(canonicalLocale('not a locale')).toBeNull();
});
