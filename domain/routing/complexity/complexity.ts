/**
 * How hard a request is likely to be for a model, from 0 to 1: a logistic regression over what it looks
 * like. `npm run bench -- routing --fit` has found the weights (docs/routing.md says how well they do, and on
 * what). Deterministic: the same request has the same score in every proxy.
 */
import { type FeatureName, type Features, featureNames, featuresOf } from './features.ts';
import type { Prompt } from './prompt.ts';
import { bias, weights } from './weights.ts';

export type Complexity = {
  /** Three places. */
  score: number;
  features: Features;
};

export type Weights = { bias: number; weights: Readonly<Record<FeatureName, number>> };

/** Below one half: a hard request at the cheap model costs more than an easy one at the expensive. */
export const DEFAULT_COMPLEXITY_THRESHOLD = 0.3;

export function complexityOf(prompt: Prompt): Complexity {
  const features = featuresOf(prompt);
  return { score: scoreOf(features, { bias, weights }), features };
}

export function scoreOf(features: Features, model: Weights): number {
  let sum = model.bias;
  for (const name of featureNames) sum += model.weights[name] * features[name];
  return Math.round(1_000 / (1 + Math.exp(-sum))) / 1_000;
}
