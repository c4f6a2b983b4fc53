/**
 * Request bodies as nobody sends them by accident: a grammar of shapes that cost a careless reader
 * time, memory or its sanity, of any size. The same seed makes the same bodies.
 */
import { seeded } from '../../mutation/sample.ts';
import { otherDialectShapes, type Random, type Shape } from './other-dialects.ts';

export type HostileBody = {
  /** Its shape, for the report. */
  shape: string;
  path: string;
  bytes: Buffer;
};

const CHAT = '/v1/chat/completions';
const EMBEDDINGS = '/v1/embeddings';
const MESSAGES = '"messages":[{"role":"user","content":"hi"}]';

/** How large bodies are, in bytes, and how many in a hundred: large ones are what takes the time. */
const SIZES: readonly (readonly [share: number, min: number, max: number])[] = [
  [65, 1, 4_096],
  [28, 4_096, 262_144],
  [6, 262_144, 2_000_000],
  [1, 2_000_000, 16_600_000],
];

const repeated = (text: string) => () => text;
const chat = (fields: string): Pick<Shape, 'path' | 'open' | 'close'> => {
  const [open, close] = fields.split('…') as [string, string];
  return { path: CHAT, open: `{"model":"x",${open}`, close: `${close}}` };
};
const embeddings = (fields: string) => ({ ...chat(fields), path: EMBEDDINGS });
const oneOf = <T>(random: Random, items: readonly T[]): T =>
  items[Math.floor(random() * items.length)] as T;

const SHAPES: Readonly<Record<string, Shape>> = {
  'long text': {
    ...chat('"messages":[{"role":"user","content":"…"}]'),
    unit: (random) =>
      oneOf(random, ['word ', 'ü', '😀', '\\n', '\\u0000', '\\ud800', '\\\\', '\\"']),
  },
  'many messages': {
    ...chat('"messages":[…{"role":"user"}]'),
    unit: repeated('{"role":"user","content":"x"},'),
  },
  'bad messages': { ...chat('"messages":[…1]'), unit: repeated('{"role":1,"content":{}},') },
  'many parts': {
    ...chat('"messages":[{"role":"user","content":[…{"type":"text"}]}]'),
    unit: repeated('{"type":"text","text":"x"},'),
  },
  'bad parts': {
    ...chat('"messages":[{"role":"user","content":[…1]}]'),
    unit: (random) => oneOf(random, ['{},', '[],', 'null,', '{"type":[]},']),
  },
  'many tools': {
    ...chat(`${MESSAGES},"tools":[…{"type":"function"}]`),
    unit: repeated('{"type":"function","function":{"name":"f","parameters":{"a":{"b":[1]}}}},'),
  },
  'bad tools': { ...chat(`${MESSAGES},"tools":[…1]`), unit: repeated('1,') },
  'misspelt fields of a message': {
    ...chat('"messages":[{"role":"user"…}]'),
    unit: (random) => `,"Role${Math.floor(random() * 1e9)}":1`,
  },
  'floats to embed': { ...embeddings('"input":[…0]'), unit: repeated('0.5,') },
  'tokens to embed': { ...embeddings('"input":[…0]'), unit: repeated('123,') },
  'lists of tokens': { ...embeddings('"input":[…[0]]'), unit: repeated('[1,2,3],') },
  'texts to embed': { ...embeddings('"input":[…""]'), unit: repeated('"text",') },
  'mixed input': {
    ...embeddings('"input":[…0]'),
    unit: (random) => oneOf(random, ['"a",', '1,', '[2],', '{},', 'null,', '[[3]],']),
  },
  'many fields': {
    ...chat(`…${MESSAGES}`),
    unit: (random) => `"f${Math.floor(random() * 1e9)}":1,`,
  },
  'one field again and again': { ...chat(`…${MESSAGES}`), unit: repeated('"a":1,') },
  'a field that counts, again and again': {
    ...chat(`…${MESSAGES}`),
    unit: (random) => oneOf(random, ['"model":"y",', '"Max_Tokens":1,', '"n":2,']),
  },
  'fields that look like indexes': {
    ...chat(`${MESSAGES},"x":{…"1":1}`),
    unit: (random) => `"${Math.floor(random() * 4_294_967_294)}":1,`,
  },
  'fields that are prototypes': {
    ...chat(`${MESSAGES},"x":[…1]`),
    unit: repeated('{"__proto__":{"constructor":1}},'),
  },
  'deep lists': { ...chat(`${MESSAGES},"x":…`), unit: repeated('[') },
  'deep objects': { ...chat(`${MESSAGES},"x":…`), unit: repeated('{"a":') },
  'deep but balanced': {
    ...chat(`${MESSAGES},"x":[…1]`),
    unit: repeated(`${'['.repeat(60)}${']'.repeat(60)},`),
  },
  'a long number': { ...chat(`${MESSAGES},"max_tokens":1…`), unit: repeated('0') },
  'a long fraction': { ...chat(`${MESSAGES},"temperature":0.…1`), unit: repeated('123456789') },
  'a long name': { ...chat(`${MESSAGES},"…":1`), unit: repeated('name') },
  'a long model': { path: CHAT, open: '{"model":"', close: `",${MESSAGES}}`, unit: repeated('m') },
  'nothing but space': { path: CHAT, open: '', close: '{}', unit: repeated(' \n\t') },
  'quotes and backslashes': { path: CHAT, open: '{"', close: '":1}', unit: repeated('\\\\\\"') },
};

export const SHAPE_NAMES: readonly string[] = Object.keys(SHAPES);

const ALL_SHAPES: Readonly<Record<string, Shape>> = { ...SHAPES, ...otherDialectShapes };
const ALL_NAMES: readonly string[] = Object.keys(ALL_SHAPES);

/** @returns makes the next body at each call */
export function hostileBodies(seed: number): () => HostileBody {
  const random = seeded(seed);
  return () => {
    const name = oneOf(random, ALL_NAMES);
    const { path, bytes: whole } = shaped(name, sizeOf(random), random);
    const [shape, bytes] = damaged(name, whole, random);
    return { shape, path, bytes };
  };
}

/** A whole body of this shape and about this size, the same each time. */
export function bodyOf(shape: string, size: number): Omit<HostileBody, 'shape'> {
  return shaped(shape, size, seeded(size));
}

function shaped(shape: string, size: number, random: Random): Omit<HostileBody, 'shape'> {
  const { path, open, close, unit } = ALL_SHAPES[shape] as Shape;
  return { path, bytes: Buffer.from(open + filler(unit, size, random) + close) };
}

function sizeOf(random: Random): number {
  let at = random() * 100;
  for (const [share, min, max] of SIZES) {
    if (at < share) return Math.floor(min + random() * (max - min));
    at -= share;
  }
  return 1;
}

/** A few hundred different units, again and again: making each one would be the fuzzer's whole time. */
function filler(unit: Shape['unit'], size: number, random: Random): string {
  let block = '';
  for (let i = 0; i < 200 && block.length < size; i++) block += unit(random);
  return block.repeat(Math.max(1, Math.floor(size / block.length)));
}

/** One in six is cut off, or has bytes that are no text, or something behind it. */
function damaged(shape: string, bytes: Buffer, random: Random): [string, Buffer] {
  const at = Math.floor(random() * bytes.length);
  switch (Math.floor(random() * 18)) {
    case 0:
      return [`${shape}, cut off`, bytes.subarray(0, at)];
    case 1: {
      const broken = Buffer.from(bytes);
      broken.fill(0xff, at, Math.min(bytes.length, at + 40));
      return [`${shape}, no text`, broken];
    }
    case 2:
      return [`${shape}, and more`, Buffer.concat([bytes, Buffer.from('{"model":"y"}')])];
    default:
      return [shape, bytes];
  }
}
