/**
 * Preloaded (`--import`) into processes, and by that into their worker threads: edits the product's
 * source at its seams while Node loads it.
 */
import { registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';
import { edited, editsOfThisProcess } from './loading.ts';

const byUrl = new Map(
  Object.entries(editsOfThisProcess()).map(
    ([path, edits]) => [pathToFileURL(path).href, { path, edits }] as const,
  ),
);
if (byUrl.size > 0) {
  registerHooks({
    load(url, context, nextLoad) {
      const result = nextLoad(url, context);
      const wanted = byUrl.get(url);
      if (wanted === undefined) return result;
      return { ...result, source: edited(wanted.path, String(result.source), wanted.edits) };
    },
  });
}
