/**
 * The worker's side: answers groups of requests. The writes of a group share one durable
 * transaction. A request that fails is undone by its savepoint, the others remain.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { parentPort } from 'node:worker_threads';
import type { WorkerReply } from './worker-client.ts';

export type SqliteHandler<Request> = {
  db: DatabaseSync;
  isWrite(request: Request): boolean;
  handle(request: Request): unknown;
};

/** Prepared once: they run in every group. */
type Transaction = { begin: StatementSync; commit: StatementSync };

export function serveSqlite<Request extends { kind: string }>(
  handler: SqliteHandler<Request>,
): void {
  const port = parentPort;
  if (port === null) throw new Error('a SQLite worker runs in a worker thread');
  const transaction = {
    begin: handler.db.prepare('BEGIN IMMEDIATE'),
    commit: handler.db.prepare('COMMIT'),
  };
  port.on('message', (requests: Request[]) => {
    const closing = requests.some((request) => request.kind === 'close');
    const replies = answerGroup(handler, transaction, requests);
    port.postMessage(replies, buffersOf(replies));
    if (closing) handler.db.close();
  });
}

/** The bytes of a page move to the main thread, they are not copied. */
function buffersOf(replies: WorkerReply): ArrayBuffer[] {
  return replies.flatMap((reply) => {
    if (!reply.ok) return [];
    const { values } = (reply.result ?? {}) as { values?: unknown };
    return values instanceof Uint8Array && values.buffer instanceof ArrayBuffer
      ? [values.buffer]
      : [];
  });
}

function answerGroup<Request extends { kind: string }>(
  handler: SqliteHandler<Request>,
  transaction: Transaction,
  requests: readonly Request[],
): WorkerReply {
  const { db } = handler;
  const writes = requests.some((request) => handler.isWrite(request));
  try {
    if (writes) transaction.begin.run();
    const replies = requests.map((request) => answer(handler, request));
    if (writes) transaction.commit.run();
    return replies;
  } catch (error) {
    // Nothing of the group is durable, so none of it may be acknowledged.
    if (db.isTransaction) db.exec('ROLLBACK');
    return requests.map(() => ({ ok: false, message: messageOf(error) }));
  }
}

function answer<Request extends { kind: string }>(
  handler: SqliteHandler<Request>,
  request: Request,
): WorkerReply[number] {
  if (request.kind === 'close') return { ok: true, result: undefined };
  const { db } = handler;
  const isWrite = handler.isWrite(request);
  try {
    if (isWrite) db.exec('SAVEPOINT request');
    const result = handler.handle(request);
    if (isWrite) db.exec('RELEASE request');
    return { ok: true, result };
  } catch (error) {
    if (isWrite && db.isTransaction) db.exec('ROLLBACK TO request; RELEASE request');
    return { ok: false, message: messageOf(error) };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
