/**
 * One call in frames that two readers could take for different ones, by name. Behind each of them comes a
 * second request without a key, which an intermediary might not have seen.
 */

/** How many requests a provider may see of it. */
export type Framing = {
  name: string;
  sent: 'none' | 'one' | 'at most one';
  bytes(call: RawCall): string;
};

export type RawCall = { path: string; secret: string; body: string };

const HIDDEN_BODY = '{"model":"hidden","messages":[]}';
export const HIDDEN = `POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\ncontent-length: ${HIDDEN_BODY.length}\r\nconnection: close\r\n\r\n${HIDDEN_BODY}`;

export const headOf = ({ path, secret }: RawCall, line = `POST ${path} HTTP/1.1`): string =>
  `${line}\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nauthorization: Bearer ${secret}\r\n`;

export const chunked = (body: string, size = body.length.toString(16)): string =>
  `${size}\r\n${body}\r\n0\r\n\r\n`;
const CHUNKED = 'transfer-encoding: chunked\r\n';
const lengthIs = (text: string | number) => `content-length: ${text}\r\n`;

/** Lines of a head, and what is behind them. */
type Rest = (body: string) => readonly [lines: string, content: string];

const framing = (name: string, sent: Framing['sent'], rest: Rest): Framing => ({
  ...{ name, sent },
  bytes(call) {
    const [lines, content] = rest(call.body);
    return `${headOf(call)}${lines}\r\n${content}${HIDDEN}`;
  },
});
const refused = (name: string, rest: Rest) => framing(name, 'none', rest);
const whole = (name: string, rest: Rest) => framing(name, 'one', rest);
const either = (name: string, rest: Rest) => framing(name, 'at most one', rest);

const lengths: readonly Framing[] = [
  refused('a length and chunks', (b) => [lengthIs(b.length) + CHUNKED, b]),
  refused('chunks and a length', (b) => [CHUNKED + lengthIs(b.length), chunked(b)]),
  refused('two lengths', (b) => [lengthIs(b.length) + lengthIs(b.length + HIDDEN.length), b]),
  refused('one length twice', (b) => [lengthIs(b.length) + lengthIs(b.length), b]),
  ...(['+', '-', '0x', ' 1 '] as const).map((mark) =>
    refused(`a length behind ${JSON.stringify(mark)}`, (b) => [lengthIs(`${mark}${b.length}`), b]),
  ),
  ...([', 5', '.0', 'e0', ' 5', ';', '\0'] as const).map((mark) =>
    refused(`a length before ${JSON.stringify(mark)}`, (b) => [lengthIs(`${b.length}${mark}`), b]),
  ),
  whole('a length behind zeros', (b) => [lengthIs(`000${b.length}`), b]),
  refused('a length of 2^64 and more', (b) => [lengthIs(`${2n ** 64n + BigInt(b.length)}`), b]),
  refused('a length with a space before its colon', (b) => [`content-length : ${b.length}\r\n`, b]),
  either('a length that another name hides', (b) => [
    `content_length: 0\r\n${lengthIs(b.length)}`,
    b,
  ]),
  refused('a length that is too short', (b) => [lengthIs(b.length - 3), b]),
  refused('no length at all', (b) => ['', b]),
];

const encodings: readonly Framing[] = [
  whole('chunks', (b) => [CHUNKED, chunked(b)]),
  whole('chunks by a name in other letters', (b) => ['Transfer-Encoding: CHUNKED\r\n', chunked(b)]),
  refused('chunked twice', (b) => ['transfer-encoding: chunked, chunked\r\n', chunked(b)]),
  refused('two encodings', (b) => [CHUNKED + CHUNKED, chunked(b)]),
  refused('an encoding with a space', (b) => ['transfer-encoding : chunked\r\n', chunked(b)]),
  refused('an encoding nobody knows', (b) => ['transfer-encoding: xchunked\r\n', chunked(b)]),
  refused('chunked, then identity', (b) => [
    'transfer-encoding: chunked, identity\r\n',
    chunked(b),
  ]),
  refused('identity', (b) => [`transfer-encoding: identity\r\n${lengthIs(b.length)}`, b]),
  either('an encoding on a line of its own', (b) => [
    'transfer-encoding:\r\n chunked\r\n',
    chunked(b),
  ]),
  refused('an encoding in quotes', (b) => ['transfer-encoding: "chunked"\r\n', chunked(b)]),
  refused('a null in an encoding', (b) => ['transfer-encoding: chunked\0\r\n', chunked(b)]),
  either('an encoding that only this hop has', (b) => [
    `connection: close, transfer-encoding\r\n${CHUNKED}`,
    chunked(b),
  ]),
];

const size = (b: string) => b.length.toString(16);
const chunks: readonly Framing[] = [
  ...['-', '+', '0x', ' ', '1\0'].map((mark) =>
    refused(`a chunk's size behind ${JSON.stringify(mark)}`, (b) => [
      CHUNKED,
      chunked(b, `${mark}${size(b)}`),
    ]),
  ),
  either('a chunk of a size before a space', (b) => [CHUNKED, chunked(b, `${size(b)} `)]),
  refused('a chunk of 2^64 and more', (b) => [
    CHUNKED,
    chunked(b, `10000000000000${size(b).padStart(3, '0')}`),
  ]),
  refused('a chunk that is longer than it says', (b) => [CHUNKED, chunked(`${b}x`, size(b))]),
  refused('a chunk that is shorter than it says', (b) => [
    CHUNKED,
    chunked(b, (b.length + 1).toString(16)),
  ]),
  refused('a chunk behind a bare line feed', (b) => [CHUNKED, `${size(b)}\n${b}\r\n0\r\n\r\n`]),
  refused('a chunk before a bare line feed', (b) => [CHUNKED, `${size(b)}\r\n${b}\n0\r\n\r\n`]),
  either('a chunk with an extension', (b) => [CHUNKED, chunked(b, `${size(b)};a=b`)]),
  refused('an extension with a line feed in it', (b) => [CHUNKED, chunked(b, `${size(b)};a\nb`)]),
  either('a last chunk of many zeros', (b) => [CHUNKED, `${size(b)}\r\n${b}\r\n00000\r\n\r\n`]),
  either('a length in a trailer', (b) => [
    CHUNKED,
    `${size(b)}\r\n${b}\r\n0\r\ncontent-length: 5\r\n\r\n`,
  ]),
  refused('a request in a trailer', (b) => [CHUNKED, `${size(b)}\r\n${b}\r\n0\r\n`]),
];

const heads: readonly Framing[] = [
  refused('a bare carriage return in a value', (b) => [
    `x: a\rcontent-length: 3\r\n${lengthIs(b.length)}`,
    b,
  ]),
  refused('a null in a value', (b) => [`x: a\0b\r\n${lengthIs(b.length)}`, b]),
  refused('a space in a name', (b) => [`x y: z\r\n${lengthIs(b.length)}`, b]),
  refused('a line without a colon', (b) => [`nonsense\r\n${lengthIs(b.length)}`, b]),
  refused('two hosts', (b) => [`host: other.example\r\n${lengthIs(b.length)}`, b]),
  either('a length that only this hop has', (b) => [
    `connection: content-length\r\n${lengthIs(b.length)}`,
    b,
  ]),
  either('an upgrade', (b) => [`connection: upgrade\r\nupgrade: h2c\r\n${lengthIs(b.length)}`, b]),
  whole('another method in a header', (b) => [
    `x-http-method-override: GET\r\n${lengthIs(b.length)}`,
    b,
  ]),
  whole('another path in a header', (b) => [
    `x-original-url: /metrics\r\n${lengthIs(b.length)}`,
    b,
  ]),
  either('an expectation', (b) => [`expect: 100-continue\r\n${lengthIs(b.length)}`, b]),
  whole('an id of a client that looks like ours', (b) => [
    `x-client-request-id: a b\r\n${lengthIs(b.length)}`,
    b,
  ]),
  either('a version of the API with an odd letter', (b) => [
    `anthropic-beta: a\tb\r\n${lengthIs(b.length)}`,
    b,
  ]),
];

/** A first line of its own. */
const line = (name: string, lineOf: (path: string) => string): Framing => ({
  ...{ name, sent: 'at most one' as const },
  bytes: (call) =>
    `${headOf(call, lineOf(call.path))}${lengthIs(call.body.length)}\r\n${call.body}${HIDDEN}`,
});

const lines: readonly Framing[] = [
  line('two spaces in the first line', (path) => `POST  ${path} HTTP/1.1`),
  line('a tab in the first line', (path) => `POST\t${path} HTTP/1.1`),
  line('a whole address for a path', (path) => `POST http://other.example${path} HTTP/1.1`),
  line('line ends in a path', (path) => `POST ${path}%0d%0aX:%20y HTTP/1.1`),
  line('HTTP/1.0', (path) => `POST ${path} HTTP/1.0`),
  line('a path with dots', (path) => `POST /v1/models/../..${path} HTTP/1.1`),
];

export const framings: readonly Framing[] = [
  ...lengths,
  ...encodings,
  ...chunks,
  ...heads,
  ...lines,
];
