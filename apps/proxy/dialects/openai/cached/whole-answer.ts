/**
 * Whether an answer may be given again: it is whole, the model ended it, and nothing in it is an error.
 * LightRAG PR#3446 stored answers that a limit had cut, gonka#1722 streams that had `[DONE]` and no end of
 * any choice, semantic-router PR#937 errors.
 */
import { saysNothing } from '../answer-text.ts';

type Fields = Record<string, unknown>;

/** Ends that a model chooses. Not a limit, a filter, or none. */
const CHOSEN_ENDS: ReadonlySet<unknown> = new Set(['stop', 'tool_calls', 'function_call']);

export function isWholeChat({ choices, error }: Fields): boolean {
  if (!saysNothing(error) || !Array.isArray(choices) || choices.length === 0) return false;
  return choices.every(isWholeChoice);
}

function isWholeChoice(choice: unknown): boolean {
  if (!isFields(choice) || !saysNothing(choice['error'])) return false;
  // seam: cut-answer-is-not-stored
  if (!CHOSEN_ENDS.has(choice['finish_reason'])) return false;
  const { message } = choice;
  // What answers nothing may do so by chance: the next call may get an answer.
  return isFields(message) && Object.keys(message).some((name) => says(name, message[name]));
}

function says(name: string, value: unknown): boolean {
  // seam: empty-answer-is-not-stored
  return name !== 'role' && !saysNothing(value);
}

export function isWholeEmbedding({ data, error }: Fields): boolean {
  if (!saysNothing(error) || !Array.isArray(data) || data.length === 0) return false;
  return data.every((item) => isFields(item) && !saysNothing(item['embedding']));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
