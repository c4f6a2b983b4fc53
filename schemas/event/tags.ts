/** The tags of a key or an event: what the operator names is what the usage tables show. */
import { z } from 'zod';

const RESERVED = '__proto__';

/**
 * A record drops an entry of this name without a word, so it is refused by name before the record
 * sees it: neither a tag that vanishes nor an event whose row and parsed form differ.
 *
 * @param name of a tag
 * @param value of one; at most 1,024 characters whatever it says
 */
export function tagsOf(name: z.ZodString, value: z.ZodString = z.string()) {
  return z.preprocess(
    (value, context) => {
      if (typeof value === 'object' && value !== null && Object.hasOwn(value, RESERVED)) {
        const message = `a tag cannot be named ${RESERVED}: choose another name`;
        context.addIssue({ code: 'custom', path: [RESERVED], message });
      }
      return value;
    },
    z.record(name, value.max(1024)),
  );
}

/** With 64 of the longest, in the longest way to write them, a record is below Kafka's 900 KiB. */
const KEY_TAGS_MAX = 64;

export function tagsFitAKey(tags: Record<string, string>): boolean {
  return Object.keys(tags).length <= KEY_TAGS_MAX;
}

/** The tags of a key: every one of its calls carries them. */
export function keyTagsOf(name: z.ZodString) {
  return tagsOf(name).refine(tagsFitAKey, {
    message: `a key has at most ${KEY_TAGS_MAX} tags`,
  });
}
