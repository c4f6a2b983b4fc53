/**
 * Preloaded into the product's processes (`--import`): puts a call at each named point while the
 * source is loaded, and carries out what the harness has armed. Killing is synchronous: nothing of
 * the process runs after the point.
 */
import { openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';
import type { Arming } from './armory.ts';
import { FENCE, type Point, points } from './points.ts';

/** How often a process looks at what is armed, ms. */
const LOOK_EVERY_MS = 10;

const folder = process.env['TOLLGATE_CHAOS_FOLDER'];
const root = fileURLToPath(new URL('../../', import.meta.url));

declare global {
  var tollgateChaosPoint: (name: string) => void;
}

let armed: Arming[] = [];
const hits = new Map<string, number>();

globalThis.tollgateChaosPoint = (name) => {
  for (const arming of armed) {
    if (arming.point !== name || (arming.pid ?? process.pid) !== process.pid) continue;
    const count = (hits.get(arming.id) ?? 0) + 1;
    hits.set(arming.id, count);
    if (count > arming.skip && claim(arming)) process.kill(process.pid, arming.signal);
  }
};

/** One process has each arming: the one that makes its file. */
function claim(arming: Arming): boolean {
  try {
    const file = openSync(join(folder ?? '', `${arming.id}.reached`), 'wx');
    writeSync(file, JSON.stringify({ pid: process.pid, atMs: Date.now() }));
    return true;
  } catch {
    // Another process was first.
    return false;
  }
}

function watch(file: string): void {
  let seen = 0;
  setInterval(() => {
    const modified = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (modified === seen) return;
    seen = modified;
    armed = JSON.parse(readFileSync(file, 'utf8')) as Arming[];
  }, LOOK_EVERY_MS).unref();
}

function edit(source: string, { name, anchor, place, file }: Point): string {
  const [before, after, ...more] = source.split(anchor);
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`point ${name}: its anchor does not stand exactly once in ${file}`);
  }
  const call = `tollgateChaosPoint('${name}');`;
  return place === 'before'
    ? `${before}${call}\n${anchor}${after}`
    : `${before}${anchor}\n${call}${after}`;
}

if (folder !== undefined && isMainThread) {
  watch(join(folder, 'armed.json'));
  const byUrl = Map.groupBy(
    [...points, FENCE],
    ({ file }) => new URL(`file://${root}${file}`).href,
  );
  registerHooks({
    load(url, context, nextLoad) {
      const result = nextLoad(url, context);
      const own = byUrl.get(url);
      if (own === undefined) return result;
      return { ...result, source: own.reduce(edit, String(result.source)) };
    },
  });
}
