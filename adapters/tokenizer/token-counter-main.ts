/** The thread that counts tokens: one order, one answer. Its tables are loaded before the first. */
import { parentPort } from 'node:worker_threads';
import type { CountAnswer, CountOrder } from './token-counter.ts';
import { estimateTokens } from './tokenizer.ts';

estimateTokens('.');

parentPort?.on('message', ({ id, texts }: CountOrder) => {
  parentPort?.postMessage({ id, tokens: texts.map(estimateTokens) } satisfies CountAnswer);
});
