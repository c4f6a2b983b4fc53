/** Texts within the members of an answer, whatever shapes providers give them. */

type Fields = Record<string, unknown>;

/** Members of a content part, or of a thought, that hold its text. */
const TEXT_MEMBERS: ReadonlySet<string> = new Set([
  ...['text', 'content', 'refusal', 'thinking', 'reasoning', 'summary', 'transcript'],
]);
const NO_TEXT_IN_MEMBER: ReadonlySet<string> = new Set([
  ...['type', 'id', 'index', 'format', 'signature', 'annotations', 'expires_at', 'cache_control'],
]);

/**
 * Levels of an answer that are looked through; no provider nests what a model writes so deeply. A value
 * of twenty thousand levels ends a recursion by an exception, and the call would never end.
 */
const LEVELS_MAX = 64;

/** The text of a part or of a list of parts; null if there is more in it than text. */
export function textOf(value: unknown, level = 0): string | null {
  if (typeof value === 'string') return value;
  if (level >= LEVELS_MAX) return holdsText(value, level) ? null : '';
  if (Array.isArray(value)) return joined(value.map((part) => textOf(part, level + 1)));
  if (!isFields(value)) return '';
  const texts: (string | null)[] = [];
  for (const name in value) {
    if (TEXT_MEMBERS.has(name)) texts.push(textOf(value[name], level + 1));
    else if (!NO_TEXT_IN_MEMBER.has(name) && holdsText(value[name], level + 1)) return null;
  }
  return joined(texts);
}

function joined(texts: readonly (string | null)[]): string | null {
  return texts.includes(null) ? null : texts.join('');
}

/** Whether there may be text in a value: in numbers and flags there is none. */
export function holdsText(value: unknown, level = 0): boolean {
  if (typeof value === 'string') return value !== '';
  if (Array.isArray(value)) return value.length > 0;
  if (!isFields(value)) return false;
  // What is not looked at may hold some.
  if (level >= LEVELS_MAX) return true;
  for (const name in value) if (holdsText(value[name], level + 1)) return true;
  return false;
}

export function isDeep(value: unknown, level = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (level >= LEVELS_MAX) return true;
  return Object.values(value).some((member) => isDeep(member, level + 1));
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Servers write null, false, an empty text, list or object where there is nothing to say. */
export function saysNothing(value: unknown): boolean {
  if (value === null || value === undefined || value === false || value === '') return true;
  if (typeof value !== 'object') return false;
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0;
}
