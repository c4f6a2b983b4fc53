/** As `npm run bench -- routing --fit` prints them; a test holds this file to it. */
import type { FeatureName } from './features.ts';

export const bias = -2.22;

export const weights: Readonly<Record<FeatureName, number>> = {
  long_words: 2.47,
  reasoning: 2.78,
  expertise: 1.77,
  code: 2.03,
  maths: 3.2,
  rules: 5.29,
  questions: 1.11,
  figures: 0.33,
  everyday: -1.84,
  turns: 0.49,
  tools: 1.2,
};
