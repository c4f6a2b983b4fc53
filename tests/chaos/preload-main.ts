/**
 * Preloaded into the product's processes (`--import`): the function that the calls at the points
 * call. It carries out what the harness has armed. Killing is synchronous: no code of the process
 * runs after the point.
 */
import { openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import type { Arming } from './armory.ts';

/** How often a process checks what is armed, ms. */
const LOOK_EVERY_MS = 10;

const folder = process.env['TOLLGATE_CHAOS_FOLDER'];

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

/** Each arming strikes in one process: the one that creates its file. */
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

if (folder !== undefined && isMainThread) watch(join(folder, 'armed.json'));
