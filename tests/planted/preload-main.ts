/**
 * Preloaded (`--import`) into the processes and worker threads that Node itself loads: plants the
 * bug while the source is loaded. What vitest loads is edited by the plugin of `vitest.config.ts`.
 */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { currentPlanting } from './planting.ts';

const planting = currentPlanting();
if (planting !== null) {
  const planted = pathToFileURL(planting.path).href;
  registerHooks({
    load(url, context, nextLoad) {
      const result = nextLoad(url, context);
      if (url !== planted) return result;
      return { ...result, source: planting.edit(String(result.source)) };
    },
  });
}
