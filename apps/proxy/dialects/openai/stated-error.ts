/** Errors that come with a status of success: as the answer, within it, or instead of a part of it. */

type Fields = Record<string, unknown>;

/** Reasons for which an answer ends that are failures of the provider. */
const FAILED: ReadonlySet<unknown> = new Set([
  ...['error', 'failed', 'network_error', 'insufficient_system_resource'],
]);
/** Members that hold an error's text where there is no answer. */
const ERROR_TEXTS = ['message', 'detail', 'msg', 'error_message', 'error_msg', 'reason'] as const;

/** @param fields a whole answer, or a chunk of a stream */
export function statesError(fields: Fields): boolean {
  if (isSaid(fields['error']) || isSaid(fields['errors'])) return true;
  if (fields['object'] === 'error' || fields['type'] === 'error') return true;
  const choices = fields['choices'];
  if (Array.isArray(choices)) return (choices as unknown[]).some(isFailed);
  if (isSaid(fields['usage']) || isSaid(fields['data'])) return false;
  return ERROR_TEXTS.some((name) => typeof fields[name] === 'string' && fields[name] !== '');
}

/** True for a body that is a page or a sentence, where JSON was asked for. */
export function isPlainText(body: string): boolean {
  return (
    /^\s*[^\s{[]/.test(body) && !/^\s*(?:data|event|id|retry)?:/.test(body) && !hasBinary(body)
  );
}

function hasBinary(text: string): boolean {
  for (let at = 0; at < Math.min(text.length, LOOKED_AT_LENGTH); at++) {
    const code = text.charCodeAt(at);
    if (code === REPLACEMENT || (code < SPACE && code !== TAB && code !== LF && code !== CR)) {
      return true;
    }
  }
  return false;
}

const LOOKED_AT_LENGTH = 256;
const REPLACEMENT = 0xfffd;
const [TAB, LF, CR, SPACE] = [9, 10, 13, 32];

function isFailed(choice: unknown): boolean {
  if (typeof choice !== 'object' || choice === null) return false;
  const { error, finish_reason } = choice as Fields;
  return isSaid(error) || FAILED.has(finish_reason);
}

/** Servers write `null`, an empty text or an empty object where there is none. */
function isSaid(value: unknown): boolean {
  if (typeof value !== 'object') return value !== undefined && value !== false && value !== '';
  return value !== null && Object.keys(value).length > 0;
}
