/**
 * The honest tenant, in a process of its own so that attacks do not slow its clock: calls at a steady
 * pace whether or not the one before was answered, and streams all the time.
 */
import { Agent, type ClientRequest, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Target, Told, Window } from './honest-tenant.ts';

/** Calls begin this often, ms. */
const CALL_EVERY_MS = 50;
const STREAMS = 4;
const STREAM_TOKENS = 40;
const TOKEN_PACE_MS = 20;
const CALL_TOKENS = 12;
/** Then it has failed, ms. */
const TIMEOUT_MS = 60_000;

/** No tenant pays attention to more failures than this. */
const FAILURES_MAX = 20;

const agent = new Agent({ keepAlive: true, maxSockets: 256 });
let target: Target = { url: '', secret: '', call: '', stream: '', plain: '' };
let running = false;
let inFlight = 0;
let window = emptyWindow();

function emptyWindow(): Window {
  return { calls: 0, streams: 0, failed: 0, failures: [], latencies: [], silences: [], plain: [] };
}

function fail(what: string): void {
  window.failed += 1;
  if (window.failures.length < FAILURES_MAX) window.failures.push(what);
}

const messages = [{ role: 'user', content: 'What does an honest call cost while others attack?' }];

/** Of the same kind, and never of the same price: the provider's bill tells them from the tenant's. */
const PLAIN_MODEL = 'sim-reasoner';

function send(body: object, url = target.url): ClientRequest {
  const text = JSON.stringify({ messages, max_completion_tokens: 64, ...body });
  const headers = {
    authorization: `Bearer ${target.secret}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(text),
  };
  const sent = request(`${url}/v1/chat/completions`, {
    method: 'POST',
    agent,
    headers,
    timeout: TIMEOUT_MS,
  });
  sent.once('timeout', () => sent.destroy(new Error('no answer in time')));
  sent.end(text);
  return sent;
}

/** @param onText with all of the text so far @returns status and text, whole */
function answerTo(
  sent: ClientRequest,
  onText: (text: string) => void = () => undefined,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    sent.once('error', reject);
    sent.once('response', (answer: IncomingMessage) => {
      let text = '';
      answer.setEncoding('utf8');
      answer.on('data', (part: string) => {
        text += part;
        onText(text);
      });
      answer.once('error', reject);
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    });
  });
}

const knobs = (tokens: number, more: object = {}) => ({
  metadata: { sim_output_tokens: String(tokens), ...more },
});

async function call(): Promise<void> {
  const startedAtMs = performance.now();
  const { status, text } = await answerTo(send({ model: target.call, ...knobs(CALL_TOKENS) }));
  window.latencies.push(performance.now() - startedAtMs);
  window.calls += 1;
  if (status !== 200) return fail(`call: ${status} ${text.slice(0, 200)}`);
  const { usage } = JSON.parse(text) as { usage: { completion_tokens: number } };
  if (usage.completion_tokens !== CALL_TOKENS) fail(`call: ${JSON.stringify(usage)}`);
}

/** The same straight to the provider: what the machine adds, because others use it too. */
async function plainCall(): Promise<void> {
  const startedAtMs = performance.now();
  await answerTo(send({ model: PLAIN_MODEL, ...knobs(CALL_TOKENS) }, target.plain));
  window.plain.push(performance.now() - startedAtMs);
}

async function stream(): Promise<void> {
  const startedAtMs = performance.now();
  let lastAtMs = startedAtMs;
  let silenceMs = 0;
  const sent = send({
    ...{ model: target.stream, stream: true, stream_options: { include_usage: true } },
    ...knobs(STREAM_TOKENS, { sim_token_pace_ms: String(TOKEN_PACE_MS), sim_chunk_tokens: '1' }),
  });
  const { status, text } = await answerTo(sent, () => {
    const nowMs = performance.now();
    if (lastAtMs === startedAtMs) window.latencies.push(nowMs - startedAtMs);
    else silenceMs = Math.max(silenceMs, nowMs - lastAtMs - TOKEN_PACE_MS);
    lastAtMs = nowMs;
  });
  window.streams += 1;
  window.silences.push(silenceMs);
  const stated = /"completion_tokens":(\d+)/.exec(text)?.[1];
  const isWhole = text.endsWith('data: [DONE]\n\n') && Number(stated) === STREAM_TOKENS;
  if (status !== 200 || !isWhole) fail(`stream: ${status} ${text.slice(-200)}`);
}

async function counted(what: string, work: () => Promise<void>): Promise<void> {
  inFlight += 1;
  try {
    await work();
  } catch (error) {
    fail(`${what}: ${(error as Error).message}`);
  } finally {
    inFlight -= 1;
  }
}

async function callAtPace(): Promise<void> {
  for (let dueMs = performance.now(); running; dueMs += CALL_EVERY_MS) {
    void counted('call', call);
    void counted('plain call', plainCall);
    await sleep(Math.max(0, dueMs + CALL_EVERY_MS - performance.now()));
  }
}

async function streamAlways(): Promise<void> {
  while (running) await counted('stream', stream);
}

async function pause(): Promise<void> {
  running = false;
  while (inFlight > 0) await sleep(20);
}

process.on('message', async (told: Told) => {
  if (told.kind === 'begin') target = told;
  if (told.kind === 'run') {
    running = true;
    void callAtPace();
    for (let n = 0; n < STREAMS; n++) void streamAlways();
  }
  if (told.kind === 'pause') await pause();
  process.send?.(window);
  window = emptyWindow();
});
process.on('disconnect', () => process.exit(0));
