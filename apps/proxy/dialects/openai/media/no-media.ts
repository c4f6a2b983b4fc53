/** Nothing of it, of each kind. */
import type { OpenParts } from '@tollgate/domain/pricing/open-bounds.ts';

export function noMedia(): OpenParts['media'] {
  const none = { count: 0, bytes: 0 };
  return { image: none, audio: none, video: none, file: none };
}
