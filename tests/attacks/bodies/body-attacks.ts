/** Bodies of a known key that must be refused, each by its name (item 1); small ones are in odd-bodies.ts. */
import type { Attack } from '../attack.ts';
import { CHAT, shown } from '../http/raw-attack.ts';
import { exchange, post } from '../wire.ts';
import { bodyOf, SHAPE_NAMES } from './grammar.ts';
import { ODD_BODIES } from './odd-bodies.ts';

const MIB = 2 ** 20;
const SIZES: readonly (readonly [name: string, bytes: number])[] = [
  ['4 KB', 4_096],
  ['256 KB', 262_144],
  ['2 MB', 2 * MIB],
  ['16 MB', 16 * MIB - 1_024],
];

const LARGE = '400 json_too_large';
const DEEP = '400 json_too_deep';
const INVALID = '400 invalid_request';
/** Read whole, and refused because nobody serves its model. */
const READ = '404 model_not_found';

/** By shape, what each size must get; the last one is for all larger ones. */
const EXPECTED: Readonly<Record<string, readonly string[]>> = {
  'long text': [READ, READ, READ, '413 request_too_large'],
  'many messages': [READ, READ, READ, LARGE],
  'bad messages': [INVALID, INVALID, INVALID, LARGE],
  'many parts': [READ, READ, READ, LARGE],
  'bad parts': [INVALID, INVALID, LARGE],
  'many tools': [READ, READ, READ, LARGE],
  'bad tools': [INVALID, INVALID, LARGE],
  'misspelt fields of a message': [READ, READ, READ, LARGE],
  'floats to embed': [INVALID, INVALID, LARGE],
  'tokens to embed': [READ, READ, LARGE],
  'lists of tokens': [READ, READ, LARGE],
  'texts to embed': [READ, READ, READ, LARGE],
  'mixed input': [INVALID, INVALID, LARGE],
  'many fields': [READ, LARGE],
  'one field again and again': [READ, LARGE],
  'a field that counts, again and again': ['400 ambiguous_json', LARGE],
  'fields that look like indexes': [READ, READ, READ, LARGE],
  'fields that are prototypes': [READ, READ, READ, LARGE],
  'deep lists': ['400 invalid_json', DEEP],
  'deep objects': ['400 invalid_json', DEEP],
  'deep but balanced': [READ, READ, LARGE],
  'a long number': [INVALID],
  'a long fraction': [READ],
  'a long name': [READ],
  'a long model': [INVALID],
  'nothing but space': [INVALID],
  'quotes and backslashes': [INVALID],
};

/** Refused on the way: who goes on sending may never read the answer. */
const isUnread = (answer: string) => [LARGE, DEEP, '413 request_too_large'].includes(answer);

function large(shape: string, sizeIndex: number): Attack {
  const [size, bytes] = SIZES[sizeIndex] as (typeof SIZES)[number];
  const expected = EXPECTED[shape] ?? [];
  const answer = expected[sizeIndex] ?? expected.at(-1) ?? `no shape ${shape}`;
  return {
    name: `large body: ${shape}, ${size}`,
    ...{
      item: 1,
      sent: `POST ${size} of it`,
      expected: isUnread(answer) ? [answer, 'closed'] : [answer],
    },
    async run(house) {
      const { path, bytes: body } = bodyOf(shape, bytes);
      const { outcome, text } = await exchange(
        house.platform.proxyUrl,
        [post(path, house.stranger.secret, body)],
        60_000,
      );
      return `${outcome}${shown(house, text)}`;
    },
  };
}

const odd = ODD_BODIES.map(
  ({ name, body, expected, path = CHAT, type = 'application/json', isSent }): Attack => ({
    ...{ name: `odd body: ${name}`, item: 1, sent: body.slice(0, 80), expected: [expected] },
    async run(house) {
      const { secret } = isSent ? house.caller : house.stranger;
      const request = post(path, secret, Buffer.from(body, 'latin1'));
      const text = request.toString('latin1').replace('application/json', type);
      const said = await exchange(house.platform.proxyUrl, [Buffer.from(text, 'latin1')]);
      return `${said.outcome}${shown(house, said.text)}`;
    },
  }),
);

export const bodyAttacks: readonly Attack[] = [
  ...SHAPE_NAMES.flatMap((shape) => SIZES.map((_, index) => large(shape, index))),
  ...odd,
];
