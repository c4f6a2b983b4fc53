/**
 * What a virtual key has used, asked with the key itself: the billing API tells its bearer of nobody
 * else (I10). For answers that are given without it if it does not come in time.
 */
import { ownUsage, type UsedInWindow } from '@tollgate/schemas/http/me.ts';

/** Null: it cannot be had now. */
export type OwnUsage = (secret: string) => Promise<UsedInWindow[] | null>;

export function createOwnUsage(options: {
  apiUrl: string;
  waitMs: number;
  onError: (error: unknown) => void;
}): OwnUsage {
  const { apiUrl, waitMs, onError } = options;
  return async (secret) => {
    try {
      const response = await fetch(new URL('/v1/me', apiUrl), {
        headers: { authorization: `Bearer ${secret}` },
        // The key goes to this address and to no other (I12).
        redirect: 'error',
        signal: AbortSignal.timeout(waitMs),
      });
      const body: unknown = await response.json();
      if (!response.ok) throw new Error(`the billing API answered ${response.status}`);
      return ownUsage.parse(body).usage;
    } catch (error) {
      onError(error);
      return null;
    }
  };
}
