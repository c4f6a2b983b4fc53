/** Bodies of PATCH requests. */
import { z } from 'zod';

/** A PATCH changes what it names, so it names something. */
export function changeOf<T extends z.core.$ZodLooseShape>(shape: T) {
  const error = `name at least one of ${Object.keys(shape).join(', ')}`;
  return z.strictObject(shape).refine((change) => Object.keys(change).length > 0, { error });
}
