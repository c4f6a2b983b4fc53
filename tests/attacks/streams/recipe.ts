/**
 * Answers of providers as nobody sends them by accident: a recipe says what texts one is made of, how it
 * is labelled, packed and cut. Recipes are changed at random; the same seed makes the same ones.
 */
import {
  brotliCompressSync,
  deflateSync,
  gzipSync,
  constants as zlib,
  zstdCompressSync,
} from 'node:zlib';

/** A number from 0 to below 1. */
type Random = () => number;

/** A text that is repeated between what opens and what closes it, and all of that again. */
export type Block = {
  open: string;
  unit: string;
  close: string;
  /** How many units are between the two, and how often the whole comes. */
  units: number;
  times: number;
};

const PACKINGS = {
  gzip: gzipSync,
  deflate: deflateSync,
  // At its best it takes ten seconds for four megabytes.
  br: (bytes: Buffer) => brotliCompressSync(bytes, { params: { [zlib.BROTLI_PARAM_QUALITY]: 4 } }),
  zstd: zstdCompressSync,
};
export type PackingName = keyof typeof PACKINGS;

export type Recipe = {
  /** Of its origin, for the report. */
  name: string;
  blocks: readonly Block[];
  type: string;
  packing: PackingName | null;
  /** How much comes at a time, bytes. */
  chunkBytes: number;
};

/** No recipe makes more than this, bytes: what takes long takes long with less. */
const RECIPE_BYTES_MAX = 4 * 1024 * 1024;
const TYPES = ['text/event-stream', 'application/json', 'text/plain', ''];
const CHUNK_BYTES = [65_536, 16_384, 1_400, 65, 7, 1];

/** What is put into texts: what events, lines and JSON are made of. */
const TOKENS = [
  ...[
    '{',
    '}',
    '[',
    ']',
    '{}',
    '[]',
    ',',
    ':',
    '"',
    '\\',
    '\\"',
    '\\\\',
    '\\u0041',
    '""',
    '1',
    ' ',
  ],
  ...['"a":1,', '"a":', '"1":1,', '"__proto__":{},', 'null', 'NaN', '-Infinity', '1e999', '0.5,'],
  ...['\n', '\r', '\r\n', '\n\n', '\r\r', '\t', '\0', '\ufeff', 'ü', '😀', 'word ', 'a', '日'],
  ...['data:', 'data: ', 'data:{', 'data: {}\n', 'data:}\n', ':\n', 'id: 1\n', 'event: x\n'],
  ...['retry: 1\n', 'data: [DONE]', '[DONE]', 'data\n'],
  ...['"choices":[', '{"delta":{"content":"a"}},', '"delta":{', '"content":', '"text":"a",'],
  ...['"tool_calls":[', '{"function":{"arguments":"a"}},', '"reasoning":', '"message":{'],
  ...['"usage":{', '"prompt_tokens":1,', '"completion_tokens":1,', '"x_tokens":1,'],
  ...['"model":"m",', '"id":"i",', '"error":{', '"finish_reason":"stop",', '"x_groq":{'],
];

const block = (open: string, unit: string, close: string, units: number, times: number): Block => ({
  ...{ open, unit, close, units, times },
});
const MANY = 1_000_000_000;
const event = (open: string, unit: string, close: string, units: number): Block =>
  block(`data: ${open}`, unit, `${close}\n\n`, units, MANY);
/** One event, as large as it gets. */
const whole = (open: string, unit: string, close: string): Block =>
  block(`data: ${open}`, unit, `${close}\n\n`, MANY, 1);

const BLOCKS: Readonly<Record<string, Block>> = {
  'tiny events': event('{}', '', '', 0),
  'tiny deltas': event('{"choices":[{"delta":{"content":"a"}}]}', '', '', 0),
  'single line ends': block('data: {"a":1}\n', '', '', 0, MANY),
  'lines that open an object': block('data: {\n', '', '', 0, MANY),
  'lines that are nearly objects': block('data: {a}\n', '', '', 0, MANY),
  'numbers that are none': event('{"a":NaN}', '', '', 0),
  'lines of one event': block('data:x\n', '', '', 0, MANY),
  'empty lines': block('\n', '', '', 0, MANY),
  'carriage returns': block('\r', '', '', 0, MANY),
  comments: block(':\n', '', '', 0, MANY),
  'huge ids': block('id: ', 'x', '\n\n', 500_000, MANY),
  'a huge event': whole('{"choices":[{"delta":{"content":"', 'word ', '"}}]}'),
  'events of just below a megabyte': event(
    '{"choices":[{"delta":{"content":"',
    'a',
    '"}}]}',
    1_040_000,
  ),
  'events of many choices': event('{"choices":[', '{"delta":{"content":"a"}},', '{}]}', 30_000),
  'events of deep lists': event('{"choices":[{"delta":{"content":', '[', '', 1_000_000),
  'events of deep objects': event('{"a":1,"b":', '{"a":', '', 200_000),
  'events of empty lists': event('{"choices":[{"delta":{"content":[', '[],', '1]}}]}', 300_000),
  'events of empty objects': event('{"choices":[{"delta":{"content":[', '{},', '1]}}]}', 300_000),
  'giant usage': event('{"usage":{', '"prompt_tokens":1,', '"a":1}}', 50_000),
  'unknown counts': event('{"choices":[],"usage":{', '"x_tokens":0,', '"a":0}}', 60_000),
  'small usage again and again': event(
    '{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}}',
    '',
    '',
    0,
  ),
  'calls of tools': event(
    '{"choices":[{"delta":{"tool_calls":[',
    '{"function":{"arguments":{}}},',
    '{}]}}]}',
    30_000,
  ),
  'text behind no number': whole('{"a":NaN,"', '\\"', ''),
  'a line without an end': block('data: ', 'x', '', MANY, 1),
  'one JSON answer of lists': block(
    '{"choices":[{"message":{"content":[',
    '[],',
    '1]}}]}',
    MANY,
    1,
  ),
  'one JSON answer of floats': block('{"data":[{"embedding":[', '0.123456789,', '1]}]}', MANY, 1),
  'one JSON answer without numbers': block('{"data":[', 'NaN,', '1]}', MANY, 1),
  'one JSON answer of fields': block('{"choices":[{"message":{', '"a":"",', '"b":1}}]}', MANY, 1),
  'blank space': block(' \n', '', '', 0, MANY),
};

/** Where a search begins. */
export function firstRecipes(): Recipe[] {
  const plain = Object.entries(BLOCKS).map(([name, only]): Recipe => {
    const type = name.startsWith('one JSON') ? 'application/json' : 'text/event-stream';
    return { name, blocks: [only], type, packing: null, chunkBytes: 65_536 };
  });
  const packed = ['tiny events', 'tiny deltas', 'lines that are nearly objects', 'empty lines'].map(
    (name): Recipe => ({
      ...{ name: `${name}, packed`, blocks: [BLOCKS[name] as Block], type: 'text/event-stream' },
      ...{ packing: 'gzip' as const, chunkBytes: 65_536 },
    }),
  );
  const cut = plain
    .filter(({ name }) => name.includes('huge') || name.includes('megabyte'))
    .map((recipe) => ({ ...recipe, name: `${recipe.name}, in small pieces`, chunkBytes: 7 }));
  return [...plain, ...packed, ...cut];
}

/** What the recipe makes, as a provider sends it. @param bytesMax before it is packed */
export function bytesOf({ blocks, packing }: Recipe, bytesMax = RECIPE_BYTES_MAX): Buffer {
  const share = Math.floor(bytesMax / blocks.length);
  const made = Buffer.from(blocks.map((one) => textOf(one, share)).join(''));
  const bytes = made.subarray(0, bytesMax);
  return packing === null ? bytes : PACKINGS[packing](bytes);
}

function textOf({ open, unit, close, units, times }: Block, lengthMax: number): string {
  const room = Math.max(0, lengthMax - open.length - close.length);
  const filled = unit === '' ? 0 : Math.min(units, Math.floor(room / unit.length));
  const once = open + unit.repeat(filled) + close;
  if (once === '') return '';
  return once.repeat(Math.max(1, Math.min(times, Math.floor(lengthMax / once.length))));
}

const oneOf = <T>(random: Random, items: readonly T[]): T =>
  items[Math.floor(random() * items.length)] as T;

/** @returns the recipe with one to three things about it changed; now and then crossed with another */
export function mutated(recipe: Recipe, others: readonly Recipe[], random: Random): Recipe {
  let changed = recipe;
  for (let left = 1 + Math.floor(random() * 3); left > 0; left--) {
    changed = mutatedOnce(changed, others, random);
  }
  return changed;
}

function mutatedOnce(recipe: Recipe, others: readonly Recipe[], random: Random): Recipe {
  const { blocks } = recipe;
  const at = Math.floor(random() * blocks.length);
  const withBlock = (change: (one: Block) => Block): Recipe => ({
    ...recipe,
    blocks: blocks.map((one, index) => (index === at ? change(one) : one)),
  });
  switch (Math.floor(random() * 10)) {
    case 0:
      return { ...recipe, chunkBytes: oneOf(random, CHUNK_BYTES) };
    case 1:
      return { ...recipe, type: oneOf(random, TYPES) };
    case 2:
      return { ...recipe, packing: oneOf(random, [null, null, 'gzip', 'br', 'zstd', 'deflate']) };
    case 3: {
      const own = oneOf(random, oneOf(random, others).blocks);
      return {
        ...recipe,
        blocks: random() < 0.5 ? [...blocks, own].slice(-3) : [own, ...blocks].slice(0, 3),
      };
    }
    case 4:
      return blocks.length > 1 ? { ...recipe, blocks: blocks.filter((_, i) => i !== at) } : recipe;
    case 5:
      return withBlock((one) => ({ ...one, units: sizeOf(random), times: sizeOf(random) }));
    default: {
      const part = oneOf(random, ['open', 'unit', 'unit', 'close'] as const);
      return withBlock((one) => ({ ...one, [part]: edited(one[part], random) }));
    }
  }
}

/** From one to a million, the small ones as often as the large ones. */
function sizeOf(random: Random): number {
  return random() < 0.2 ? MANY : Math.floor(10 ** (random() * 6));
}

const TEXT_LENGTH_MAX = 400;

function edited(text: string, random: Random): string {
  const at = Math.floor(random() * (text.length + 1));
  const token = oneOf(random, TOKENS);
  switch (Math.floor(random() * 4)) {
    case 0:
      return text.slice(0, at) + text.slice(at + 1 + Math.floor(random() * 8));
    case 1:
      return (text + text.slice(at)).slice(0, TEXT_LENGTH_MAX);
    default:
      return (text.slice(0, at) + token + text.slice(at)).slice(0, TEXT_LENGTH_MAX);
  }
}
