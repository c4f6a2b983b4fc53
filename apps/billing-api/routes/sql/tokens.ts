/**
 * Cuts a query into tokens, more strictly than ClickHouse does: plain ASCII outside quotes, no
 * escapes in quoted names, no parameters, no second statement, all brackets closed. A comment
 * becomes a space. So the text that is rendered from the tokens holds nothing that was not checked.
 */
import { refuse } from './refuse.ts';

export type Token = {
  /** `word`: bare; `name`: quoted; `sign`: one character. */
  kind: 'word' | 'name' | 'string' | 'number' | 'sign';
  /** A name without its quotes, everything else as written. */
  text: string;
  /** Whether a space or comment came between this token and the one before. */
  spaced: boolean;
};

const TOKEN = new RegExp(
  [
    '(?<space>[ \\t\\r\\n]+|(?:--|//)[^\\n]*|/\\*[\\s\\S]*?\\*/)',
    '(?<word>[A-Za-z_][A-Za-z0-9_]*)',
    '(?<number>0[xX][0-9a-fA-F]+|[0-9]+(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)',
    "(?<string>'(?:[^'\\\\]|\\\\[\\s\\S]|'')*')",
    '(?<name>"[^"]*"|`[^`]*`)',
    '(?<sign>[()\\[\\],.+\\-*/%<>=?:!|;])',
  ].join('|'),
  'y',
);
/** A quoted name may not look like part of a syntax tree, or like a path of two names. */
const QUOTED_NAME = /^[\p{L}\p{N}_ %$#+-]{1,64}$/u;
const CLOSES: Readonly<Record<string, string>> = { ')': '(', ']': '[' };
/** How deep brackets may be nested. */
const NESTING_MAX = 64;

/** @throws ApiProblem sql_refused */
export function tokensOf(sql: string): Token[] {
  const tokens: Token[] = [];
  const open: string[] = [];
  let spaced = false;
  for (let at = 0; at < sql.length; at = TOKEN.lastIndex) {
    TOKEN.lastIndex = at;
    const groups = TOKEN.exec(sql)?.groups;
    if (groups === undefined) return refuseAt(sql, at);
    const [kind, text] = Object.entries(groups).find(([, value]) => value !== undefined) as [
      Token['kind'] | 'space',
      string,
    ];
    if (kind === 'space') {
      spaced = true;
      continue;
    }
    if (kind === 'sign') follow(open, text);
    checkTouching(spaced ? undefined : tokens.at(-1), { kind, text });
    tokens.push({ kind, text: kind === 'name' ? nameOf(text) : text, spaced });
    spaced = false;
  }
  if (open.length > 0) refuse('A bracket that is not closed', 'Close it.');
  // One at the very end says that the query ends; only comments may follow, and they are gone.
  if (isSign(tokens.at(-1), ';')) tokens.pop();
  if (tokens.some((token) => isSign(token, ';'))) {
    refuse('`;`', 'Send one SELECT, without a semicolon inside.');
  }
  return tokens;
}

export function render(tokens: readonly Token[]): string {
  return tokens
    .map(({ kind, text, spaced }) => `${spaced ? ' ' : ''}${kind === 'name' ? `"${text}"` : text}`)
    .join('')
    .trim();
}

/** True for a bare or a quoted word. */
export function isName(token: Token | undefined): token is Token {
  return token?.kind === 'word' || token?.kind === 'name';
}

/** @param keyword in lower case */
export function isKeyword(token: Token | undefined, keyword: string): boolean {
  return token?.kind === 'word' && token.text.toLowerCase() === keyword;
}

export function isSign(token: Token | undefined, sign: string): boolean {
  return token?.kind === 'sign' && token.text === sign;
}

/**
 * Two tokens that ClickHouse would read as something else: an open comment, or a literal like x'…'.
 */
function checkTouching(before: Token | undefined, token: Pick<Token, 'kind' | 'text'>): void {
  if (before?.text === '/' && token.text === '*') refuse('An open comment', 'Close it.');
  const quoted = token.kind === 'string' || token.kind === 'name';
  if (quoted && (before?.kind === 'word' || before?.kind === 'number')) {
    refuse(`${before.text} before a quote`, 'Put a space between them.');
  }
}

function follow(open: string[], sign: string): void {
  if (sign === '(' || sign === '[') {
    open.push(sign);
    if (open.length > NESTING_MAX) refuse('Nesting this deep', `At most ${NESTING_MAX} levels.`);
  }
  const opener = CLOSES[sign];
  if (opener !== undefined && open.pop() !== opener) {
    refuse(`\`${sign}\` without its opening bracket`, 'Open it first.');
  }
}

function nameOf(quoted: string): string {
  const name = quoted.slice(1, -1);
  if (QUOTED_NAME.test(name)) return name;
  return refuse('This quoted name', 'Letters, digits, spaces and _ % $ # + - may be in one.');
}

function refuseAt(sql: string, at: number): never {
  const sign = String.fromCodePoint(sql.codePointAt(at) ?? 0);
  if (sign === '{') return refuse('A parameter in braces', 'Write the value in its place.');
  if (sign === "'" || sign === '"' || sign === '`') return refuse('An open quote', 'Close it.');
  const code = sign.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return refuse(`The character U+${code}`, 'Outside of quotes, a query is plain SQL in ASCII.');
}
