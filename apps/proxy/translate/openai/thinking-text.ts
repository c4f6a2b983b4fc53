/**
 * Servers of this dialect that show what their models thought do so as a text without a proof
 * (`reasoning_content`), and some want it back with the calls of tools. Where such a thought goes through a
 * dialect that has proofs, this mark takes the place of one: it tells it from those of other providers.
 */
import type { ThinkingPart } from '../conversation.ts';

export const TEXT_MARK = 'reasoning_content';

/** Whether such a server wrote it. */
export function isOfText({ signature, isRedacted, text }: ThinkingPart): boolean {
  return signature === TEXT_MARK && !isRedacted && text !== '';
}
