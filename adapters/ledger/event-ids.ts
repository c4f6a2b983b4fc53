/** Derives the id of a ledger event from its command (ADR 0001). */
import { createHash } from 'node:crypto';
import { uuidFromHash } from '@tollgate/domain/ids/event-id.ts';

/** @param subject what the command is about: the same subject is the same append */
export function ledgerEventId(stream: string, type: string, subject: string): string {
  const hash = createHash('sha256').update(`${stream}|${type}|${subject}`).digest();
  return uuidFromHash(hash);
}
