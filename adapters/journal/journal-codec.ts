/**
 * How a group of writes crosses to the journal's worker: one flat array of texts. Cloning objects
 * between threads costs several times what cloning their texts does, and this is the hot path.
 */
import type { JournalWrite } from './journal-store.ts';

export function encodeWrites(writes: readonly JournalWrite[]): string[] {
  const texts: string[] = [];
  for (const write of writes) encode(write, texts);
  return texts;
}

function encode(write: JournalWrite, texts: string[]): void {
  switch (write.op) {
    case 'started':
      texts.push(write.op, write.attemptId, write.event);
      return;
    case 'finished': {
      const { attemptId, partition, event, charges } = write;
      texts.push(write.op, attemptId, String(partition), event, String(charges.length));
      for (const { leaseId, amount } of charges) texts.push(leaseId, String(amount));
      return;
    }
    case 'recorded':
      texts.push(write.op, String(write.partition), write.event);
      return;
    case 'lease_requested': {
      const { leaseId, stream, expectedRevision, eventId, amount } = write.request;
      texts.push(write.op, leaseId, stream, expectedRevision, eventId, String(amount));
      return;
    }
    case 'lease_granted':
    case 'lease_refused':
    case 'lease_forgotten':
      texts.push(write.op, write.leaseId);
      return;
    case 'shipped':
      texts.push(write.op, String(write.uptoSeq));
      return;
    default:
      write satisfies never;
  }
}

/** @throws Error if the texts are not what `encodeWrites` made */
export function decodeWrites(texts: readonly string[]): JournalWrite[] {
  const writes: JournalWrite[] = [];
  let at = 0;
  const next = (): string => {
    const text = texts[at++];
    if (text === undefined) throw new Error('a group of writes ends early');
    return text;
  };
  while (at < texts.length) writes.push(decode(next));
  return writes;
}

function decode(next: () => string): JournalWrite {
  const op = next() as JournalWrite['op'];
  switch (op) {
    case 'started':
      return { op, attemptId: next(), event: next() };
    case 'finished': {
      const write = { op, attemptId: next(), partition: Number(next()), event: next() };
      const charges = Array.from({ length: Number(next()) }, () => ({
        leaseId: next(),
        amount: BigInt(next()),
      }));
      return { ...write, charges };
    }
    case 'recorded':
      return { op, partition: Number(next()), event: next() };
    case 'lease_requested': {
      const place = { leaseId: next(), stream: next(), expectedRevision: next(), eventId: next() };
      return { op, request: { ...place, amount: BigInt(next()) } };
    }
    case 'lease_granted':
    case 'lease_refused':
    case 'lease_forgotten':
      return { op, leaseId: next() };
    case 'shipped':
      return { op, uptoSeq: Number(next()) };
    default:
      throw new Error(`a group of writes has an unknown one: ${String(op satisfies never)}`);
  }
}
