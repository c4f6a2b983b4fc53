/**
 * What a request's `cache_control` marks read from the cache and write to it. The real cache remembers;
 * this one looks at the request alone, so that the same request has the same counts: in a conversation
 * that goes on, the part up to the first mark was written by an earlier call, and what follows up to the
 * last mark is new.
 */
import type { CacheShares } from '../chat/chat-plan.ts';

/** The end of a part that is to be cached. */
export type Mark = { readonly tokens: number; readonly forHour: boolean };

/** As at Anthropic: a shorter part is not cached. */
const CACHED_TOKENS_MIN = 1_024;

/** @param counted tokens of the whole text; a knob may say that the input has another size */
export function cacheRule(
  counted: number,
  marks: readonly Mark[],
  isContinued: boolean,
): (inputTotal: number) => CacheShares {
  return (inputTotal) => {
    const share = inputTotal / Math.max(1, counted);
    const at = (mark: Mark) => Math.min(inputTotal, Math.floor(mark.tokens * share));
    const long = marks.filter((mark) => at(mark) >= CACHED_TOKENS_MIN);
    const [first] = long;
    const last = long.at(-1);
    if (first === undefined || last === undefined) return { read: 0, write: 0, write1h: 0 };
    const read = isContinued ? at(first) : 0;
    // Entries for an hour come before those for five minutes.
    const lastOfHour = long.filter((mark) => mark.forHour).at(-1);
    const hourEnd = Math.max(read, lastOfHour === undefined ? 0 : at(lastOfHour));
    return { read, write: at(last) - hourEnd, write1h: hourEnd - read };
  };
}
