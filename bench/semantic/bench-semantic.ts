/**
 * How often a semantic cache would give a right and a wrong answer (docs/caching.md): over questions that mean
 * the same in the same words, in other words, and questions that look alike and are others. With vectors alone,
 * and with the product's guard of words.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openOnnxEmbedder } from '@tollgate/adapters/embedding/onnx-embedder.ts';
import { differInAFewWords, guarded } from '@tollgate/domain/cache/likeness/lexical-guard.ts';
import { report } from '../harness/results.ts';

export const semanticBenchUsage = `  semantic --model FILE --vocabulary FILE
      Precision and recall of the semantic cache at several thresholds, on the questions of
      bench/semantic/questions.json, by a model in files (ONNX, vocab.txt). Needs onnxruntime-node.
`;

type Group = {
  /** They mean the same: four in other words, some in the same with courtesy around them. */
  same: string[];
  same_words: string[];
  /** They look alike, and another answer belongs to them. */
  other: string[];
};
type Pair = { similarity: number; isGuarded: boolean };
type Kind = 'reworded' | 'paraphrase' | 'other' | 'unrelated';
type Pairs = Record<Kind, Pair[]>;

const THRESHOLDS = [0.75, 0.8, 0.85, 0.88, 0.9, 0.92, 0.95];

export async function benchSemantic(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: { model: { type: 'string' }, vocabulary: { type: 'string' } },
  });
  const { model, vocabulary } = values;
  if (model === undefined || vocabulary === undefined) throw new Error(semanticBenchUsage);
  const file = join(import.meta.dirname, 'questions.json');
  const groups = JSON.parse(readFileSync(file, 'utf8')) as Group[];
  const embedder = openOnnxEmbedder({ model, vocabulary });
  try {
    const pairs = await pairsOf(groups, (text) => embedder.embed(text));
    const summary = tabulate(pairs);
    const options = { embedder: embedder.name, groups: groups.length };
    report('semantic', options, countsOf(pairs), summary, undefined);
  } finally {
    await embedder.close();
  }
}

async function pairsOf(
  groups: readonly Group[],
  embed: (text: string) => Promise<Float32Array | null>,
): Promise<Pairs> {
  const vectors = new Map<string, Float32Array>();
  for (const { same, same_words, other } of groups) {
    for (const text of [...same, ...same_words, ...other]) {
      const vector = await embed(text);
      if (vector === null) throw new Error(`the model has no vector of: ${text}`);
      vectors.set(text, vector);
    }
  }
  const pair = (a: string, b: string): Pair => ({
    similarity: cosine(vectors.get(a) as Float32Array, vectors.get(b) as Float32Array),
    isGuarded: !mayShare(a, b),
  });
  const pairs: Pairs = { reworded: [], paraphrase: [], other: [], unrelated: [] };
  for (const [at, { same, same_words, other }] of groups.entries()) {
    const [first = ''] = same;
    for (const text of same_words) pairs.reworded.push(pair(first, text));
    for (const [index, one] of same.entries()) {
      for (const text of same.slice(index + 1)) pairs.paraphrase.push(pair(one, text));
      for (const text of other) pairs.other.push(pair(one, text));
    }
    for (const later of groups.slice(at + 1)) {
      pairs.unrelated.push(pair(first, later.same[0] ?? ''));
    }
  }
  return pairs;
}

function mayShare(a: string, b: string): boolean {
  const [one, other] = [guarded(a), guarded(b)];
  if (one === null || other === null || one.marks !== other.marks) return false;
  return !differInAFewWords(one.words, other.words);
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

function countsOf(pairs: Pairs): Record<Kind, number> {
  const { reworded, paraphrase, other, unrelated } = pairs;
  return {
    ...{ reworded: reworded.length, paraphrase: paraphrase.length },
    ...{ other: other.length, unrelated: unrelated.length },
  };
}

/** As the table of docs/caching.md. */
function tabulate(pairs: Pairs): Record<string, number> {
  console.log(countsOf(pairs));
  console.log(
    '| Threshold | Vectors alone: wrong | precision | With the guard: wrong | precision | recall, same words | recall, other words |',
  );
  console.log('|---|---|---|---|---|---|---|');
  const summary: Record<string, number> = {};
  for (const threshold of THRESHOLDS) {
    const served = (kind: Kind, guards: boolean) =>
      pairs[kind].filter(
        ({ similarity, isGuarded }) => similarity >= threshold && !(guards && isGuarded),
      ).length;
    const of = (guards: boolean) => {
      const right = served('reworded', guards) + served('paraphrase', guards);
      const wrong = served('other', guards) + served('unrelated', guards);
      return { wrong, precision: right / Math.max(1, right + wrong) };
    };
    const [alone, guards] = [of(false), of(true)];
    const recall = (kind: Kind) => served(kind, true) / pairs[kind].length;
    const [same, others] = [recall('reworded'), recall('paraphrase')];
    const cells = [
      ...[threshold, alone.wrong, alone.precision.toFixed(3), guards.wrong],
      ...[guards.precision.toFixed(3), same.toFixed(3), others.toFixed(3)],
    ];
    console.log(`| ${cells.join(' | ')} |`);
    summary[`precision_${threshold}`] = guards.precision;
    summary[`precision_alone_${threshold}`] = alone.precision;
    summary[`recall_same_words_${threshold}`] = same;
    summary[`recall_other_words_${threshold}`] = others;
  }
  return summary;
}
