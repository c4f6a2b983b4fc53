/**
 * Blocks of thinking carry a proof of who thought it. Clients hand them back as they are, so what other
 * providers want back comes through them too, marked in the place of the proof.
 */
import type { ThinkingPart } from '../conversation.ts';
import { TEXT_MARK } from '../openai/thinking-text.ts';

/** In front of what Gemini wants back. */
export const GEMINI_MARK = 'gemini:';

/** Whether a provider of this dialect wrote it. */
export function isOfMessages({ signature }: ThinkingPart): boolean {
  if (signature === null || signature === '') return false;
  return signature !== TEXT_MARK && !signature.startsWith(GEMINI_MARK);
}
