/**
 * Kinds of personal data that are found by their form. What has a check digit is taken only if that fits,
 * so that order numbers and timestamps are not taken for cards. Each pattern matches a bounded length.
 *
 * Check digits: ISO/IEC 7812-1 Annex B (Luhn), ISO 13616 (IBAN, modulo 97).
 */

export type PersonalDataKind = 'email' | 'phone' | 'card' | 'iban' | 'ssn' | 'ipv4';

export type PersonalData = {
  /** In RE2's syntax. */
  pattern: string;
  /** What is written in the place of it. */
  label: string;
  /** The match with the data replaced; null: it is none after all. Default: all of it is. */
  replaced?: (found: string) => string | null;
};

export const personalData: Readonly<Record<PersonalDataKind, PersonalData>> = {
  email: {
    pattern: String.raw`[\pL\pN._%+\-]{1,64}@(?:[\pL\pN\-]{1,63}\.){1,8}\pL{2,24}`,
    label: '[EMAIL]',
  },
  /** International numbers alone: a plus, and 8 to 15 digits. */
  phone: { pattern: String.raw`\+\d(?:[ ().\-]{0,2}\d){7,14}`, label: '[PHONE]' },
  card: {
    pattern: String.raw`\d(?:[ \-]?\d){12,36}`,
    label: '[CARD]',
    replaced: (found) => replacePart(found, '[CARD]', /\d/, 13, 19, isCard),
  },
  iban: {
    pattern: String.raw`\b[A-Za-z]{2}\d{2}(?:[ \-]?[A-Za-z0-9]){11,40}`,
    label: '[IBAN]',
    replaced: (found) => replacePart(found, '[IBAN]', /[A-Za-z0-9]/, 15, 34, isIban),
  },
  ssn: { pattern: String.raw`\b\d{3}-\d{2}-\d{4}\b`, label: '[SSN]' },
  ipv4: {
    pattern: String.raw`\b(?:\d{1,3}\.){3}\d{1,3}\b`,
    label: '[IP]',
    replaced: (found) => (found.split('.').every((part) => Number(part) <= 255) ? '[IP]' : null),
  },
};

/**
 * The first part of the match whose signs pass the check, the longest one there: other digits may come
 * before and behind a card's number. What is left on both sides is looked at again.
 */
function replacePart(
  found: string,
  label: string,
  counts: RegExp,
  least: number,
  most: number,
  passes: (signs: string) => boolean,
): string | null {
  const places = [...found].flatMap((sign, at) => (counts.test(sign) ? [at] : []));
  const signs = places.map((at) => found[at]).join('');
  for (let from = 0; from + least <= signs.length; from++) {
    for (let length = Math.min(most, signs.length - from); length >= least; length--) {
      if (!passes(signs.slice(from, from + length))) continue;
      const start = places[from] as number;
      const end = (places[from + length - 1] as number) + 1;
      const rest = found.slice(end);
      const after = replacePart(rest, label, counts, least, most, passes) ?? rest;
      return found.slice(0, start) + label + after;
    }
  }
  return null;
}

/** Luhn's check digit, and a first digit that issuers of cards have. */
export function isCard(digits: string): boolean {
  if (!/^[2-6]\d{12,18}$/.test(digits)) return false;
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]);
    const doubled = digit * 2;
    sum += i % 2 === 0 ? digit : doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

const CODE_OF_A = 55;

/** The number with its country and check digits behind it is 1 modulo 97, letters as 10 to 35. */
export function isIban(signs: string): boolean {
  if (!/^[A-Za-z]{2}\d{2}[A-Za-z0-9]{11,30}$/.test(signs)) return false;
  let rest = 0;
  for (const sign of (signs.slice(4) + signs.slice(0, 4)).toUpperCase()) {
    const value = /\d/.test(sign) ? Number(sign) : sign.charCodeAt(0) - CODE_OF_A;
    rest = (rest * (value > 9 ? 100 : 10) + value) % 97;
  }
  return rest === 1;
}
