/** A string that a schema allows: by its format, its pattern and its length. */
import { createContext, runInContext } from 'node:vm';
import { wordsOf } from '../chat/chat-text.ts';
import { limits } from '../limits.ts';
import type { Draws } from './draws.ts';
import { type Schema, Unsatisfiable } from './json-schema.ts';
import { stringOf } from './pattern.ts';

const TRIES = 16;

const two = (value: number) => String(value).padStart(2, '0');
const dateOf = (draws: Draws) =>
  `20${20 + draws.below(10)}-${two(1 + draws.below(12))}-${two(1 + draws.below(28))}`;
const timeOf = (draws: Draws) =>
  `${two(draws.below(24))}:${two(draws.below(60))}:${two(draws.below(60))}`;
const hexOf = (draws: Draws, digits: number) =>
  Array.from({ length: digits }, () => draws.below(16).toString(16)).join('');
const uuidOf = (version: number) => (draws: Draws) =>
  `${hexOf(draws, 8)}-${hexOf(draws, 4)}-${version}${hexOf(draws, 3)}-a${hexOf(draws, 3)}-${hexOf(draws, 12)}`;
const nameOf = (draws: Draws) => wordsOf(1, draws);

type Write = (draws: Draws) => string;

/** What JSON Schema names; a format that is not here leaves the words as they are. */
const FORMATS: Readonly<Record<string, readonly Write[]>> = {
  'date-time': [
    (draws) => `${dateOf(draws)}T${timeOf(draws)}Z`,
    (draws) => `${dateOf(draws)}T${timeOf(draws)}`,
    (draws) => `${dateOf(draws)}T${timeOf(draws)}.000Z`,
  ],
  date: [dateOf],
  time: [(draws) => `${timeOf(draws)}Z`, timeOf],
  duration: [(draws) => `PT${1 + draws.below(59)}M`],
  email: [(draws) => `${nameOf(draws)}@example.com`, () => 'a@b.co'],
  'idn-email': [(draws) => `${nameOf(draws)}@example.com`],
  hostname: [(draws) => `${nameOf(draws)}.example.com`, () => 'a.co'],
  'idn-hostname': [(draws) => `${nameOf(draws)}.example.com`],
  ipv4: [(draws) => `192.0.2.${1 + draws.below(254)}`],
  ipv6: [(draws) => `2001:db8::${hexOf(draws, 4)}`, () => '::1'],
  uuid: [4, 7, 6, 1].map(uuidOf),
  uri: [(draws) => `https://example.com/${nameOf(draws)}`, () => 'http://a.co'],
  'uri-reference': [(draws) => `/${nameOf(draws)}`],
  iri: [(draws) => `https://example.com/${nameOf(draws)}`],
  'json-pointer': [(draws) => `/${nameOf(draws)}`],
  regex: [() => '^[a-z]+$'],
  base64: [() => 'dGhlIG1ldGVy'],
};

/** @throws Unsatisfiable */
export function stringFor(schema: Schema, draws: Draws): string {
  const { format, pattern } = schema;
  const least = Number(schema['minLength'] ?? 0);
  const most = Number(schema['maxLength'] ?? Number.POSITIVE_INFINITY);
  if (least > most || least > limits.schemaTextCharsMax) {
    throw new Unsatisfiable(`no string has from ${least} to ${most} characters here`);
  }
  const matches = typeof pattern === 'string' ? matcherOf(pattern) : () => true;
  const fits = (text: string) => {
    const { length } = [...text];
    return length >= least && length <= most && matches(text);
  };
  for (const text of candidates(format, pattern, { least, most }, draws)) {
    if (fits(text)) return text;
  }
  throw new Unsatisfiable(
    `the simulator finds no string for ${JSON.stringify({ format, pattern })} within its length`,
  );
}

function* candidates(
  format: unknown,
  pattern: unknown,
  { least, most }: { readonly least: number; readonly most: number },
  draws: Draws,
): Generator<string> {
  const writes =
    typeof format === 'string' && Object.hasOwn(FORMATS, format) ? FORMATS[format] : undefined;
  for (const write of writes ?? []) yield write(draws);
  if (typeof pattern === 'string') {
    for (let i = 0; i < TRIES; i += 1) yield stringOf(pattern, draws);
  }
  // Other text would have another format.
  if (writes !== undefined) return;
  const words = wordsOf(2 + draws.below(3), draws);
  const text = words.slice(0, Math.min(words.length, most));
  yield text.padEnd(least, ' and so on').trimEnd().padEnd(least, '.');
}

/** An expression can take forever on a short text: only an engine's own time limit ends that. */
const engine = createContext({ expression: /./, text: '' });

function matcherOf(pattern: string): (text: string) => boolean {
  const expression = expressionOf(pattern);
  return (text) => {
    Object.assign(engine, { expression, text });
    try {
      return runInContext('expression.test(text)', engine, { timeout: limits.patternMsMax });
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw cause;
      throw new Unsatisfiable(`the pattern ${pattern} takes too long`);
    }
  };
}

function expressionOf(pattern: string): RegExp {
  for (const flags of ['u', '']) {
    try {
      return new RegExp(pattern, flags);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
    }
  }
  throw new Unsatisfiable(`the pattern ${pattern} is no regular expression`);
}
