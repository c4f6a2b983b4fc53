/** Changes of JSON and of bytes, at random: what a careless client or provider gets wrong, and what nobody does. */
import { oneOf, perhaps, type Random, upTo } from '../answers/generated/truth.ts';

/** Values that a reader may take for what they are not. Each is JSON. */
const ODD = [
  ...['null', 'true', 'false', '0', '-1', '1', '0.5', '1e308', '-0', '9007199254740993', '1e999'],
  ...['""', '"x"', '"1"', '"null"', '"\\ud800"', '"\\u0000"', '"__proto__"', '"été 東京 😀"'],
  ...['[]', '{}', '[null]', '[[]]', '[{}]', '{"":0}', '{"__proto__":{"a":1}}', '{"type":"text"}'],
  ...[
    '[1,2,3]',
    '["a"]',
    '{"type":"x","text":1}',
    '{"toString":null}',
    '{"toString":1,"valueOf":1}',
    '"data:image/png;base64,"',
  ],
  ...['4294967296', '"https://example.com/a.png"', '{"length":1e9}', '-9007199254740993', '"auto"'],
];

/** Names that every object has something by. */
const ODD_NAMES = ['toString', 'constructor', 'hasOwnProperty', 'valueOf', '', 'length', '0'];

const JUNK = [
  ...['{', '}', '[', ']', ',', ':', '"', '\\', '\n', '\r', '\r\n', '\n\n', ' ', '\t', '\0', '﻿'],
  ...['data:', 'data: ', 'event: x\n', ': ping\n\n', 'id: 1\n', 'retry: 1\n', 'data: [DONE]\n\n'],
  ...['NaN', '1e999', 'é', '\u2028', '"usage":{}', '"error":{"message":"x"},', 'null'],
];

/** Where a value is: what holds it, and by what. */
type Place = { holder: Record<string, unknown>; key: string };

/** A mark for text that is no JSON of its own: what it stands for is put in afterwards. */
const MARK = '\u0001odd';

/** A text of the JSON in which one to three things are other than they were. */
export function mutatedJson(json: unknown, random: Random): string {
  const root = { '': copyOf(json) };
  for (let left = 1 + upTo(random, 2); left > 0; left--) {
    const places = placesIn(root as Record<string, unknown>);
    change(oneOf(random, places), places, random);
  }
  const text = JSON.stringify(root['']) ?? 'null';
  return text.replaceAll(/"\\u0001odd(\d+)"/g, (_, index) => ODD[Number(index)] ?? 'null');
}

/** Faster than `structuredClone`, and all of it is JSON. */
function copyOf(json: unknown): unknown {
  return json === undefined ? undefined : JSON.parse(JSON.stringify(json));
}

function placesIn(root: Record<string, unknown>): Place[] {
  const places: Place[] = [];
  const visit = (holder: Record<string, unknown>) => {
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      const value = holder[key];
      if (typeof value === 'object' && value !== null) visit(value as Record<string, unknown>);
    }
  };
  visit(root);
  return places;
}

function change({ holder, key }: Place, places: readonly Place[], random: Random): void {
  const isRoot = key === '';
  switch (upTo(random, isRoot ? 2 : 9)) {
    case 0:
    case 1:
    case 2:
    case 3:
      holder[key] = `${MARK}${upTo(random, ODD.length - 1)}`;
      break;
    case 4:
      if (Array.isArray(holder)) holder.splice(Number(key), 1);
      else delete holder[key];
      break;
    case 5:
      holder[key] = perhaps(random, 0.5) ? [holder[key]] : { [key]: holder[key] };
      break;
    case 6: {
      // From somewhere else, as it is there; nothing is put into itself.
      const other = oneOf(random, places);
      holder[key] = copyOf(other.holder[other.key]);
      break;
    }
    case 7:
      if (Array.isArray(holder)) holder.push(holder[key]);
      else holder[oneOf(random, [key.toUpperCase(), `${key}_2`, ...ODD_NAMES])] = holder[key];
      break;
    case 8:
      if (typeof holder[key] === 'string') holder[key] = `${holder[key]}${oneOf(random, JUNK)}`;
      else if (Array.isArray(holder[key])) holder[key].push(...(copyOf(holder[key]) as unknown[]));
      else holder[key] = `${MARK}${upTo(random, ODD.length - 1)}`;
      break;
    default:
      holder[key] = nested(2 + upTo(random, 80));
  }
}

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let left = depth; left > 0; left--) value = left % 2 === 0 ? [value] : { a: value };
  return value;
}

/** One or two things about the text are changed, whatever it means. */
export function mutatedText(text: string, random: Random): string {
  let changed = text;
  for (let left = 1 + upTo(random, 1); left > 0; left--) changed = mutatedOnce(changed, random);
  return changed;
}

function mutatedOnce(text: string, random: Random): string {
  const at = upTo(random, text.length);
  switch (upTo(random, 5)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + text.slice(at + 1 + upTo(random, 12));
    case 2:
      return text.slice(0, at) + text.slice(at, at + 1 + upTo(random, 30)) + text.slice(at);
    case 3:
      return `${text.slice(0, at)}${String.fromCharCode(upTo(random, 255))}${text.slice(at + 1)}`;
    default:
      return text.slice(0, at) + oneOf(random, JUNK) + text.slice(at);
  }
}

/** A second member of the same name, or one that differs by its letters' case. */
export function repeatedMember(text: string, random: Random): string {
  const names = [...text.matchAll(/[{,]"(\w+)":/g)];
  if (names.length === 0) return text;
  const found = oneOf(random, names);
  const at = found.index + 1;
  const name = perhaps(random, 0.3) ? (found[1] ?? '').toUpperCase() : found[1];
  return `${text.slice(0, at)}"${name}":${oneOf(random, ODD)},${text.slice(at)}`;
}

/** The bytes in pieces: all at once, one by one, or as it happens. */
export function pieces(bytes: Buffer, random: Random): Buffer[] {
  if (perhaps(random, 0.4)) return [bytes];
  const most = perhaps(random, 0.05) ? 1 : 1 + upTo(random, 400);
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 1 + upTo(random, most - 1);
    cut.push(bytes.subarray(at, end));
    at = end;
  }
  return cut;
}
