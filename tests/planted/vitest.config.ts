/** The tests as ever, with one bug planted into what vitest itself loads. */
import { fileURLToPath } from 'node:url';
import { mergeConfig, type Plugin } from 'vitest/config';
import base from '../../vitest.config.ts';
import { currentPlanting } from './planting.ts';

const planting = currentPlanting();

const plugin: Plugin = {
  name: 'tollgate-planted-bug',
  // Before the types are taken out: the anchors are those of the source.
  enforce: 'pre',
  transform(code, id) {
    return id === planting?.path ? planting.edit(code) : null;
  },
};

export default mergeConfig(base, {
  root: fileURLToPath(new URL('../../', import.meta.url)),
  plugins: [plugin],
  // What was planted must not be found again by a later run, nor the sound source by this one.
  test: { fsModuleCache: false },
});
