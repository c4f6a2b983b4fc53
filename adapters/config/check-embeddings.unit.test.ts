import { tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { expect, it } from 'vitest';
import { checkEmbeddings } from './check-embeddings.ts';

const local = { model: '/no/model.onnx', vocabulary: '/no/vocab.txt' };
const check = (mode: string) =>
  checkEmbeddings(
    tollgateConfig.parse({ cache: { embeddings: { local }, rules: [{ mode, models: ['faq'] }] } }),
  );

it('a model for questions that is not there is named before anything starts, if a rule asks for it', () => {
  expect(() => check('semantic')).toThrow(
    'cache.embeddings.local.model: /no/model.onnx cannot be read',
  );
  expect(() => check('exact')).not.toThrow();
});
