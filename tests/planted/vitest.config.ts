/** The tests as ever, with one bug planted into what vitest itself loads. */
import { fileURLToPath } from 'node:url';
import { mergeConfig } from 'vitest/config';
import base from '../../vitest.config.ts';
import { seamPlugin } from '../seams/vitest-plugin.ts';

export default mergeConfig(base, {
  root: fileURLToPath(new URL('../../', import.meta.url)),
  plugins: [seamPlugin()],
  // What was planted must not be found again by a later run, nor the sound source by this one.
  test: { fsModuleCache: false, experimental: { viteModuleRunner: true } },
});
