/**
 * The embedded store's worker thread. Several processes write one file. A cache needs no sync of its disk:
 * what a power cut takes is a miss.
 */
import { workerData } from 'node:worker_threads';
import { openDatabase } from '../sqlite/open-database.ts';
import { serveSqlite } from '../sqlite/worker-server.ts';
import type { PurgeScope } from './answer-cache.ts';
import { ANSWER_SCHEMA, type AnswerHead, AnswerTable, EARLIER_SCHEMA } from './answer-table.ts';
import type { CacheLimits } from './cache-limits.ts';
import { KnownKeys } from './known-keys.ts';
import type { NearAnswer, NearQuestion } from './near-answers.ts';
import { NEAR_SCHEMA, NearTable } from './near-table.ts';

export type CacheRequest =
  /** `heads`: of AnswerHead, as JSON, which costs less than the same as objects from thread to thread. */
  | { kind: 'put'; heads: string; values: Uint8Array; nowMs: number }
  | { kind: 'get'; key: string; nowMs: number }
  | { kind: 'put_near'; answer: NearAnswer; nowMs: number }
  | { kind: 'find_near'; question: NearQuestion; nowMs: number }
  | { kind: 'purge'; scope: PurgeScope; revision: number }
  | { kind: 'close' };

export type CacheWorkerData = { path: string; limits: CacheLimits; known: SharedArrayBuffer };

const { path, limits, known } = workerData as CacheWorkerData;

const db = openDatabase(path, ANSWER_SCHEMA + NEAR_SCHEMA);
// What is deleted is overwritten: an erased answer is not left in free pages.
db.exec('PRAGMA synchronous=OFF; PRAGMA secure_delete=ON;');
db.exec(EARLIER_SCHEMA);

const answers = new AnswerTable(db, limits, new KnownKeys(known));
const near = new NearTable(db, limits);

serveSqlite<CacheRequest>({
  db,
  isWrite: ({ kind }) => kind === 'put' || kind === 'put_near' || kind === 'purge',
  handle(request) {
    switch (request.kind) {
      case 'put':
        return answers.put(
          JSON.parse(request.heads) as AnswerHead[],
          request.values,
          request.nowMs,
        );
      case 'get':
        answers.look();
        return answers.get(request.key, request.nowMs);
      case 'purge': {
        // seam: purge-reaches-what-questions-mean
        near.purge(request.scope, request.revision);
        return answers.purge(request.scope, request.revision);
      }
      case 'put_near':
        return near.put(request.answer, request.nowMs);
      case 'find_near':
        return near.find(request.question, request.nowMs);
      case 'close':
        return;
      default:
        return request satisfies never;
    }
  },
});
