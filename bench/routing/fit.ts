/** Logistic regression by gradient descent, without randomness: the same prompts give the same weights. */
import type { Weights } from '@tollgate/domain/routing/complexity/complexity.ts';
import {
  type FeatureName,
  featureNames,
  featuresOf,
} from '@tollgate/domain/routing/complexity/features.ts';
import { type LabelledPrompt, promptsOf } from './prompts.ts';

const STEPS = 3_000;
const RATE = 1;
/** Keeps a feature that few templates have from meaning everything. */
const RIDGE = 0.002;
const PER_KIND = 40;
const SEED = 15;

/** No request is easier for what it has, but for a word of every day. */
const LOWERS: FeatureName = 'everyday';

/** Those of the set that weights are found on. */
export const fittedPrompts = () => promptsOf('fitted', PER_KIND, SEED);

/** What the product's weights are. */
export function fittedWeights(): Weights {
  return regress(fittedPrompts());
}

export function regress(prompts: readonly LabelledPrompt[]): Weights {
  const rows = prompts.map(({ prompt, hard }) => {
    const features = featuresOf(prompt);
    return { x: featureNames.map((name) => features[name]), y: hard ? 1 : 0 };
  });
  const w = featureNames.map(() => 0);
  let bias = 0;
  for (let step = 0; step < STEPS; step++) {
    const slope = w.map((weight) => RIDGE * weight);
    let ofBias = 0;
    for (const { x, y } of rows) {
      let sum = bias;
      for (let i = 0; i < w.length; i++) sum += (w[i] as number) * (x[i] as number);
      const error = (1 / (1 + Math.exp(-sum)) - y) / rows.length;
      ofBias += error;
      for (let i = 0; i < w.length; i++) slope[i] = (slope[i] as number) + error * (x[i] as number);
    }
    bias -= RATE * ofBias;
    for (let i = 0; i < w.length; i++) {
      const next = (w[i] as number) - RATE * (slope[i] as number);
      w[i] = featureNames[i] === LOWERS ? Math.min(0, next) : Math.max(0, next);
    }
  }
  const weights = Object.fromEntries(
    featureNames.map((name, i) => [name, rounded(w[i] as number)]),
  );
  return { bias: rounded(bias), weights: weights as Record<FeatureName, number> };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
