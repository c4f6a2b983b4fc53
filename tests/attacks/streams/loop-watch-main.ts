/**
 * Preloaded (`--import`) into the processes of the product: writes how long the event loop was kept by
 * one thing. Counted is the time that the main thread had on a processor between two turns, whatever
 * else the machine did meanwhile; and, for people, the time by the clock.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';

const WATCH_MS = 2;
const WRITE_MS = 100;

const folder = process.env['TOLLGATE_LOOP_WATCH'];
if (folder !== undefined && isMainThread) {
  const file = join(folder, `${process.pid}.json`);
  const worst = { cpuMs: 0, clockMs: 0 };
  let before = process.threadCpuUsage();
  let beforeMs = performance.now();
  setInterval(() => {
    const now = process.threadCpuUsage();
    const cpuMs = (now.user + now.system - before.user - before.system) / 1000;
    const nowMs = performance.now();
    worst.cpuMs = Math.max(worst.cpuMs, cpuMs);
    worst.clockMs = Math.max(worst.clockMs, nowMs - beforeMs - WATCH_MS);
    before = now;
    beforeMs = nowMs;
  }, WATCH_MS).unref();
  setInterval(() => {
    // At once or not at all: it is read while it is written.
    writeFileSync(`${file}.new`, JSON.stringify(worst));
    renameSync(`${file}.new`, file);
    worst.cpuMs = 0;
    worst.clockMs = 0;
  }, WRITE_MS).unref();
}
