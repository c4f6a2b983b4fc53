/**
 * What it costs a proxy to read an answer: the time that the thread has on a processor for each read of
 * a socket, and for each step of the end, when it is settled. What is measured is the product's own code
 * between the socket and the record; nothing else runs.
 */
import { GATHERED_BYTES_MAX, GATHERED_PIECES_MAX } from '@tollgate/adapters/provider/upstream.ts';
import { settle } from '@tollgate/proxy/call/settle.ts';
import type { CallRequest, Endpoint } from '@tollgate/proxy/dialects/dialect.ts';
import { openAi } from '@tollgate/proxy/dialects/openai/openai.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { bytesOf, type Recipe } from './recipe.ts';

export type Step = 'read' | 'end';

export type Cost = {
  /** The longest of its steps, ms. */
  worstMs: number;
  worstStep: Step;
  /** Of all steps, for each MiB of the answer before it is packed. */
  msPerMib: number;
  bytes: number;
};

/** What libuv reads of a socket at once, bytes; each chunk has its size and two line ends in it. */
const READ_BYTES = 65_536;
const CHUNK_HEAD_BYTES = 5;

/** A try ends here, ms: what is expensive to read is so from the beginning. */
const TRY_MS_MAX = 1_000;

/** What any answer costs is not the cost of the bytes of a short one. */
const COUNTED_BYTES_MIN = 65_536;

const CALL = Buffer.from(
  '{"model":"m","stream":true,"messages":[{"role":"user","content":"hi"}],"max_tokens":9}',
);

export function costOf(recipe: Recipe): Cost {
  const bytes = bytesOf(recipe);
  const { length } = bytesOf({ ...recipe, packing: null });
  const cost: Cost = { worstMs: 0, worstStep: 'read', msPerMib: 0, bytes: length };
  let allMs = 0;
  let readBytes = 0;
  readThrough(recipe, bytes, (step, work, stepBytes) => {
    readBytes += stepBytes;
    const before = process.threadCpuUsage();
    work();
    const { user, system } = process.threadCpuUsage(before);
    const ms = (user + system) / 1000;
    allMs += ms;
    if (ms > cost.worstMs) Object.assign(cost, { worstMs: ms, worstStep: step });
    return allMs < TRY_MS_MAX;
  });
  const share = readBytes / bytes.length;
  cost.msPerMib = (allMs / Math.max(length * share, COUNTED_BYTES_MIN)) * 2 ** 20;
  return cost;
}

/**
 * Reads the answer as a call does, small chunks gathered.
 *
 * @param step carries out the work of one turn of the event loop; `bytes` of the answer are new in it
 */
export function readThrough(
  recipe: Recipe,
  bytes: Buffer,
  step: (name: Step, work: () => void, bytes: number) => boolean,
): void {
  const headers = {
    'content-type': recipe.type,
    ...(recipe.packing === null ? {} : { 'content-encoding': recipe.packing }),
  };
  const request = openCall();
  const answer = request.answer(headers, proxyLimits, bytes.subarray(0, recipe.chunkBytes));
  const { chunkBytes } = recipe;
  const isSmall = chunkBytes <= GATHERED_BYTES_MAX;
  const pushBytes = isSmall ? chunkBytes * GATHERED_PIECES_MAX : chunkBytes;
  const chunks = Math.max(1, Math.floor(READ_BYTES / (chunkBytes + CHUNK_HEAD_BYTES)));
  const bytesOfRead = Math.min(READ_BYTES, chunks * chunkBytes);
  let goesOn = true;
  for (let from = 0; goesOn && from < bytes.length && answer.progress !== 'done'; ) {
    const read = bytes.subarray(from, from + bytesOfRead);
    from += read.length;
    const readIt = () => {
      for (let at = 0; at < read.length && answer.progress !== 'done'; at += pushBytes) {
        answer.push(read.subarray(at, at + pushBytes));
      }
    };
    goesOn = step('read', readIt, read.length);
  }
  for (let isMore = true; isMore; ) {
    const readOn = () => {
      isMore = answer.readOn();
    };
    step('end', readOn, 0);
  }
  const outcome = { httpStatus: 200, unsent: false, completed: true, answer } as const;
  const settleIt = () => {
    const facts = factsOf(request);
    const first = settle(facts, { status: 'ok', ...outcome }, null);
    // Tokens are counted in a thread.
    if ('uncounted' in first) settle(facts, { status: 'ok', ...outcome }, [1, 1]);
    answer.fault();
    answer.end();
  };
  step('end', settleIt, 0);
}

function openCall(): CallRequest {
  const [chat] = openAi.endpoints as readonly Endpoint[];
  const read = chat?.read({ body: CALL }, proxyLimits.requestDepthMax);
  if (chat === undefined || read?.ok !== true) throw new Error('the call cannot be read');
  return chat.open(read.facts);
}

/** Of an attempt that has no budget and no price. */
function factsOf(request: CallRequest): Parameters<typeof settle>[0] {
  const deployment = { model: 'm', price: null, provider: { notBilledStatuses: new Set() } };
  return { request, deployment, holds: [] } as unknown as Parameters<typeof settle>[0];
}
