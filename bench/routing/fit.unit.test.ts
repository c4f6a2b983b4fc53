import { bias, weights } from '@tollgate/domain/routing/complexity/weights.ts';
import { expect, it } from 'vitest';
import { fittedWeights } from './fit.ts';

it('the weights of the classifier are those that its prompts lead to', () => {
  expect({ bias, weights }).toEqual(fittedWeights());
});
