/** Ledgers that fail as told, so that a run ends where a test wants it to. */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';

/** A ledger whose process dies at the nth crash point: before (odd) or after (even) an append. */
export function dyingAt(ledger: Ledger, death: number): Ledger {
  let point = 0;
  const dieHere = (): void => {
    point += 1;
    if (point >= death) throw new Error('died');
  };
  return {
    ...ledger,
    async append(stream, expected, events) {
      dieHere();
      const result = await ledger.append(stream, expected, events);
      dieHere();
      return result;
    },
  };
}

/** A ledger in which one stream cannot be read. */
export function failingFor(ledger: Ledger, stream: string): Ledger {
  return {
    ...ledger,
    async read(name, options) {
      if (name === stream) throw new Error('unreadable');
      return ledger.read(name, options);
    },
  };
}
