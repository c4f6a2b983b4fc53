/** Lists of models that a key, team or customer may use, or may not. */
import { z } from 'zod';
import { shortName } from '../names/names.ts';

/** Each `*` may make a pattern's search longer. */
const STARS_MAX = 4;
/** A call is compared with each pattern on its path, twice; more is a list for an alias. */
const PATTERNS_MAX = 100;

export const modelPattern = shortName.refine(
  (pattern) => (pattern.match(/\*/g)?.length ?? 0) <= STARS_MAX,
  `a model name with at most ${STARS_MAX} * for any characters`,
);

const allowed = z
  .array(modelPattern)
  .min(1, 'null allows any model; to allow none, deny `*`')
  .max(PATTERNS_MAX)
  .nullable()
  .meta({
    description:
      'Names of models, `*` for any characters; null: any. Case makes no difference. The name that ' +
      'a client sends may be listed, or the one at the provider.',
  });
const denied = z
  .array(modelPattern)
  .max(PATTERNS_MAX)
  .meta({
    description:
      'Names of models, `*` for any characters, that may not be used, whatever is allowed. It binds ' +
      'if the name that a client sends fits, or the one at the provider.',
  });

/** Of a request. */
export const modelLists = {
  allowed_models: allowed.exactOptional(),
  denied_models: denied.exactOptional(),
};
export const shownModelLists = {
  allowed_models: z.array(z.string()).nullable(),
  denied_models: z.array(z.string()),
};
