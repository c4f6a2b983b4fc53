/** Why the usage of an answer is not known although it came, and what no provider can mean. */

import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageDoubt } from '@tollgate/domain/usage/usage-reading.ts';
import type { Asked } from './asked.ts';

/** As on the usage event. */
export type UsageNote =
  | UsageDoubt
  /** Nothing is said of usage. */
  | 'usage_missing'
  /** It goes on without its call, and what it used is known when it has ended. */
  | 'response_goes_on'
  /** More was written behind what was said. */
  | 'usage_not_final'
  /** No tokens are said to be in what anybody can see. */
  | 'usage_below_visible'
  /** Not all that was written, or asked, could be read and counted. */
  | 'output_unread'
  | 'input_unread';

/** What was read or written has tokens: a provider that states none has filled nothing in. */
export function saysTooLittle(
  stated: KnownQuantities,
  asked: Asked,
  wrote: () => boolean,
): boolean {
  const input =
    stated.inputTokens +
    stated.cacheReadTokens +
    stated.cacheWriteTokens +
    stated.cacheWrite1hTokens +
    stated.audioInputTokens +
    stated.imageInputTokens;
  if (input === 0 && asked.hasInput()) return true;
  const output =
    stated.outputTokens +
    stated.reasoningTokens +
    stated.audioOutputTokens +
    stated.imageOutputTokens;
  return output === 0 && asked.generates && wrote();
}
