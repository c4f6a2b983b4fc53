import { expect, it } from 'vitest';
import { isCard, isIban, personalData } from './personal-data.ts';

/** By JavaScript's own engine: what these patterns say is the same in both. */
function redacted(kind: keyof typeof personalData, text: string): string {
  const { pattern, label, replaced = () => label } = personalData[kind];
  return text.replaceAll(new RegExp(pattern.replaceAll(/\\p([LN])/g, '\\p{$1}'), 'gu'), (found) =>
    String(replaced(found) ?? found),
  );
}

it.each([
  ['email', 'to ann.lee+x@mail.example.co.uk, please', 'to [EMAIL], please'],
  ['email', 'jörg@bücher.example', '[EMAIL]'],
  ['email', 'a @ b and user@localhost', 'a @ b and user@localhost'],
  ['phone', 'call +49 (30) 901820-00 now', 'call [PHONE] now'],
  ['phone', 'total 030 901820', 'total 030 901820'],
  ['card', 'card 4111 1111 1111 1111 exp 12/30', 'card [CARD] exp 12/30'],
  // Digits before and behind it, and a second card.
  ['card', '12 4111-1111-1111-1111 5500000000000004', '12 [CARD] [CARD]'],
  ['card', 'order 4111111111111112', 'order 4111111111111112'],
  ['iban', 'IBAN DE89 3704 0044 0532 0130 00.', 'IBAN [IBAN].'],
  ['iban', 'BE68539007547034 THEN', '[IBAN] THEN'],
  ['iban', 'GB00WEST12345698765432', 'GB00WEST12345698765432'],
  ['ssn', 'ssn 123-45-6789', 'ssn [SSN]'],
  ['ipv4', 'from 10.1.2.3 and 999.1.1.1', 'from [IP] and 999.1.1.1'],
] as const)('%s: %s becomes %s', (kind, text, expected) => {
  expect(redacted(kind, text)).toBe(expected);
});

it('a number is a card or an account by its check digit, whichever digit is wrong', () => {
  expect(['4111111111111111', '378282246310005'].map(isCard)).toEqual([true, true]);
  expect(['DE89370400440532013000', 'be68539007547034'].map(isIban)).toEqual([true, true]);
  for (let at = 0; at < 16; at++) {
    const digits = [...'4111111111111111'];
    digits[at] = String((Number(digits[at]) + 1) % 10);
    expect([at, isCard(digits.join(''))]).toEqual([at, false]);
  }
});
