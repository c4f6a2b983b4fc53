/**
 * The ledger's streams without a disk: for tests that ask what is appended and read, and when, many
 * times over. It appends and reads as the port promises (`tests/contract/ledger.ts`), and that alone.
 */
import type { Ledger, LedgerEvent, NewLedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';

export function memoryLedger(): Ledger {
  const streams = new Map<string, LedgerEvent[]>();
  const ledger: Pick<Ledger, 'append' | 'read' | 'close'> = {
    async append(stream, expected, events) {
      const stored = streams.get(stream) ?? [];
      const from = expected === 'no_stream' ? 0 : Number(expected) + 1;
      const isDone = events.every(({ id }, index) => stored[from + index]?.id === id);
      if (!isDone && from !== stored.length) {
        return { ok: false, actual: stored.at(-1)?.revision ?? 'no_stream' };
      }
      if (!isDone) streams.set(stream, [...stored, ...events.map(storedAt(stream, from))]);
      return { ok: true, revision: BigInt(from + events.length - 1), position: '' };
    },
    async read(stream, { fromRevision = 0n, limit = 1_000 } = {}) {
      const from = Number(fromRevision);
      return (streams.get(stream) ?? []).slice(from, from + limit);
    },
    async close() {
      streams.clear();
    },
  };
  return ledger as Ledger;
}

function storedAt(stream: string, from: number) {
  return (event: NewLedgerEvent, index: number): LedgerEvent => {
    return { ...event, stream, revision: BigInt(from + index), position: '', recordedAtMs: 0 };
  };
}
