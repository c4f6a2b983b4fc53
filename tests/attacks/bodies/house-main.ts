/**
 * The proxy's app in a process of its own, which says how long its event loop was kept busy by one
 * thing: the time that the main thread had on a processor between two turns, whatever else the machine
 * did meanwhile.
 */
import { openGateHouse } from '@tollgate/proxy/testing/gate-house.ts';

const WATCH_MS = 2;

const house = await openGateHouse();
let worstMs = 0;
let rssMib = 0;
let before = process.threadCpuUsage();
setInterval(() => {
  const now = process.threadCpuUsage();
  worstMs = Math.max(worstMs, (now.user + now.system - before.user - before.system) / 1000);
  before = now;
}, WATCH_MS);
setInterval(() => {
  rssMib = Math.max(rssMib, process.memoryUsage.rss() / 1024 ** 2);
  house.events.length = 0;
  house.refused.length = 0;
}, 100);

process.on('message', () => {
  process.send?.({ worstMs, rssMib, inFlight: house.handler.inFlight });
  worstMs = 0;
});
process.on('disconnect', () => process.exit(0));
process.send?.({ port: house.port, secret: house.secrets[0] });
