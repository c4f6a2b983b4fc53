/** The calls of the demo: what a fleet of applications sends, through the official SDK. */
import { readFileSync } from 'node:fs';
import OpenAI from 'openai';

export type Shape = { inputTokens: number; outputTokens: number; atMs: number };
export type Tally = { sent: number; served: number; failed: number; aborted: number };

const MODELS = ['sim-small', 'sim-large', 'sim-odd', 'sim-reasoner', 'sim-tiered'];
const CONCURRENCY = 64;
const CHARACTERS_PER_TOKEN = 4;

/** Deterministic sizes between a question and a long document. */
export function builtInShapes(count: number): Shape[] {
  return Array.from({ length: count }, (_, i) => ({
    inputTokens: 20 + ((i * 7919) % 700),
    outputTokens: 5 + ((i * 104729) % 120),
    atMs: i * 5,
  }));
}

/** Columns TIMESTAMP,ContextTokens,GeneratedTokens. @throws Error naming the first bad line */
export function traceShapes(file: string, count: number): Shape[] {
  const lines = readFileSync(file, 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1, count + 1);
  const startMs = Date.parse(`${lines[0]?.split(',')[0]?.slice(0, 23)}Z`);
  return lines.map((line, index) => {
    const [time = '', input = '', output = ''] = line.split(',');
    const atMs = Date.parse(`${time.slice(0, 23).replace(' ', 'T')}Z`) - startMs;
    const shape = { inputTokens: Number(input), outputTokens: Number(output), atMs };
    if (Object.values(shape).every((value) => Number.isFinite(value) && value >= 0)) return shape;
    throw new Error(`${file}: line ${index + 2} is not TIMESTAMP,ContextTokens,GeneratedTokens`);
  });
}

export type Replay = {
  proxyUrl: string;
  /** Secrets of the keys that the calls are spread over. */
  keys: readonly string[];
  shapes: readonly Shape[];
  /** 0: as fast as possible; 1: at the trace's own pace. */
  speed: number;
  onProgress: (tally: Tally) => void;
};

/** Sends every call with bounded concurrency. Failures are part of the workload. */
export async function replay(options: Replay): Promise<Tally> {
  const tally: Tally = { sent: 0, served: 0, failed: 0, aborted: 0 };
  const clients = options.keys.map(
    (apiKey) => new OpenAI({ apiKey, baseURL: `${options.proxyUrl}/v1`, timeout: 60_000 }),
  );
  const startedAtMs = performance.now();
  let next = 0;
  const worker = async () => {
    while (next < options.shapes.length) {
      const index = next++;
      const shape = options.shapes[index] as Shape;
      const client = clients[index % clients.length] as OpenAI;
      if (options.speed > 0) {
        const waitMs = shape.atMs / options.speed - (performance.now() - startedAtMs);
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
      tally.sent++;
      try {
        tally[await call(client, index, shape)]++;
      } catch {
        // The provider failed, or the proxy was killed: the bill is what is checked.
        tally.failed++;
      }
      options.onProgress(tally);
    }
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return tally;
}

/** Every nineteenth call meets a fault of the provider, every thirteenth is given up midway. */
async function call(client: OpenAI, index: number, shape: Shape): Promise<'served' | 'aborted'> {
  const content = 'word '.repeat(Math.ceil((shape.inputTokens * CHARACTERS_PER_TOKEN) / 5) + 8);
  if (index % 10 === 9) {
    await client.embeddings.create({ model: 'sim-embed', input: content });
    return 'served';
  }
  const outputTokens = Math.max(1, shape.outputTokens);
  const request = {
    model: MODELS[index % MODELS.length] ?? 'sim-small',
    messages: [{ role: 'user' as const, content }],
    max_completion_tokens: outputTokens + 64,
    metadata: {
      sim_input_tokens: String(Math.max(1, shape.inputTokens)),
      sim_output_tokens: String(outputTokens),
      ...faultOf(index),
      ...(index % 13 === 5 ? { sim_token_pace_ms: '2' } : {}),
    },
  };
  if (index % 2 === 0) {
    await client.chat.completions.create(request);
    return 'served';
  }
  const include = index % 4 === 1 ? { stream_options: { include_usage: true } } : {};
  const stream = await client.chat.completions.create({ ...request, ...include, stream: true });
  for await (const _chunk of stream) {
    if (index % 13 !== 5) continue;
    stream.controller.abort();
    return 'aborted';
  }
  return 'served';
}

const FAULTS = ['status_429', 'status_500', 'bill_then_500', 'usage_missing', 'reset_after:400'];

function faultOf(index: number): Record<string, string> {
  if (index % 19 !== 7) return {};
  return { sim_fault: FAULTS[Math.floor(index / 19) % FAULTS.length] ?? 'status_500' };
}
