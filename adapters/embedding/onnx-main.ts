/** The process of `onnx-embedder.ts`: a text in, its vector out. It ends with its parent. */
import { readFileSync } from 'node:fs';
import { unit } from './embedder.ts';
import { openRuntime, type Runtime, type Session } from './onnx-runtime.ts';
import { WordPieces } from './word-pieces.ts';

const [model = '', vocabulary = '', tokensMax = ''] = process.argv.slice(2);
const pieces = new WordPieces(readFileSync(vocabulary, 'utf8'));
const runtime = openRuntime();
// One thread of its own: calls come first.
const opening = runtime.InferenceSession.create(model, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
});

process.on('message', (text: string) => {
  embed(runtime, text).then(
    (vector) => process.send?.({ vector }),
    (error) => {
      throw error;
    },
  );
});
process.on('disconnect', () => process.exit());

/** The mean of what the model says of each token, or the vector that it gives for the whole. */
async function embed({ Tensor }: Runtime, text: string): Promise<Float32Array | null> {
  const ids = pieces.idsOf(text);
  if (ids.length > Number(tokensMax)) return null;
  const session = await opening;
  const tensor = (values: readonly number[]) =>
    new Tensor('int64', BigInt64Array.from(values, BigInt), [1, values.length]);
  const output = await session.run(feedsOf(session, ids, tensor));
  const found = output['sentence_embedding'] ?? output[session.outputNames[0] ?? ''];
  if (found === undefined) throw new Error('the model says nothing');
  return unit(found.dims.length === 2 ? Float32Array.from(found.data) : meanOf(found));
}

function feedsOf(
  { inputNames }: Session,
  ids: readonly number[],
  tensor: (values: readonly number[]) => unknown,
): Record<string, unknown> {
  const feeds: Record<string, unknown> = {};
  for (const name of inputNames) {
    if (name === 'input_ids') feeds[name] = tensor(ids);
    else feeds[name] = tensor(ids.map(() => (name === 'attention_mask' ? 1 : 0)));
  }
  return feeds;
}

function meanOf({ data, dims }: { data: Float32Array; dims: readonly number[] }): Float32Array {
  const [, tokens = 0, width = 0] = dims;
  const mean = new Float32Array(width);
  for (let token = 0; token < tokens; token++) {
    for (let at = 0; at < width; at++) mean[at] = (mean[at] ?? 0) + (data[token * width + at] ?? 0);
  }
  return mean.map((sum) => sum / tokens);
}
