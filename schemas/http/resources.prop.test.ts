import { formatKeySecret, KEY_RANDOM_BYTES } from '@tollgate/domain/key/key-secret.ts';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { keyRequest } from './resources.ts';

const random = new Uint8Array(KEY_RANDOM_BYTES);

function canBeInAKey(environment: string): boolean {
  try {
    formatKeySecret(environment, random);
    return true;
  } catch {
    return false;
  }
}

it('an environment that the API accepts is one that the text of a key can carry', () => {
  const nearlyRight = fc.stringMatching(/^[a-z0-9-]{0,34}$/);
  fc.assert(
    fc.property(fc.oneof(nearlyRight, fc.string()), (environment) => {
      const request = { customer_id: 'cus_1', name: 'key', environment };
      expect(keyRequest.safeParse(request).success).toBe(canBeInAKey(environment));
    }),
  );
});
