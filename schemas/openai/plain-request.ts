/**
 * A quick look at a chat request before the schema is asked: true only if the schema is sure to take
 * it as it is. It knows the ordinary call; whatever it does not recognise at once goes the long way,
 * so that the schema alone says what a request is and why one is refused.
 */
import type { z } from 'zod';
import { END_USER_LENGTH_MAX, SHORT_TEXT_LENGTH_MAX } from '../names/names.ts';
import type { chatCompletionRequest } from './requests.ts';

type ChatCompletionRequest = z.infer<typeof chatCompletionRequest>;

const COUNT_MAX = 100_000_000;

/** True: the schema takes it, and reads it as it is. False: ask the schema. */
export function isPlainChatRequest(value: unknown): value is ChatCompletionRequest {
  if (!isRecord(value)) return false;
  const { model, messages, stream, user, safety_identifier } = value;
  if (typeof model !== 'string' || model === '' || model.length > SHORT_TEXT_LENGTH_MAX)
    return false;
  if (!Array.isArray(messages) || messages.length === 0) return false;
  for (const message of messages) if (!isPlainMessage(message)) return false;
  if (stream !== undefined && typeof stream !== 'boolean') return false;
  if (value['stream_options'] !== undefined || value['tools'] !== undefined) return false;
  if (!isOptionalEndUser(user) || !isOptionalEndUser(safety_identifier)) return false;
  return (
    isOptionalCount(value['max_tokens']) &&
    isOptionalCount(value['max_completion_tokens']) &&
    isOptionalCount(value['n'])
  );
}

/** A member of this name is one that JSON can have and the schema leaves out. */
const LEFT_OUT = '__proto__';

function isRecord(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return !Object.hasOwn(value, LEFT_OUT);
}

function isPlainMessage(value: unknown): boolean {
  return (
    isRecord(value) && typeof value['role'] === 'string' && typeof value['content'] === 'string'
  );
}

function isOptionalEndUser(value: unknown): boolean {
  if (value === undefined) return true;
  return typeof value === 'string' && value.length <= END_USER_LENGTH_MAX;
}

function isOptionalCount(value: unknown): boolean {
  if (value === undefined) return true;
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= COUNT_MAX;
}
