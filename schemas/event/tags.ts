/** The tags of a key or an event: what the operator names is what the usage tables show. */
import { z } from 'zod';

const RESERVED = '__proto__';

/**
 * A record drops an entry of this name without a word, so it is refused by name before the record
 * sees it: neither a tag that vanishes nor an event whose row and parsed form differ.
 *
 * @param name of a tag
 */
export function tagsOf(name: z.ZodString) {
  return z.preprocess(
    (value, context) => {
      if (typeof value === 'object' && value !== null && Object.hasOwn(value, RESERVED)) {
        const message = `a tag cannot be named ${RESERVED}: choose another name`;
        context.addIssue({ code: 'custom', path: [RESERVED], message });
      }
      return value;
    },
    z.record(name, z.string().max(1024)),
  );
}
