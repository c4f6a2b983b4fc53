/** `npm run test:fuzz`: many hostile bodies, and what they did to the proxy. */
import { parseArgs } from 'node:util';
import { LOOP_BLOCKED_MS_MAX, RSS_MIB_MAX } from './bounds.ts';
import { fuzzBodies } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    bodies: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`Usage: npm run test:fuzz -- [--bodies 100000] [--seed 1]

Sends hostile request bodies of up to 16 MB to the proxy's app. Fails if one thing kept the event loop
for more than ${LOOP_BLOCKED_MS_MAX} ms, if the process took more than ${RSS_MIB_MAX} MiB, or if an answer was our failure.`);
  process.exit(0);
}
/** How often it says how far it is, ms. */
const SAID_EVERY_MS = 10_000;

const bodies = Number(values.bodies);
const startedAtMs = performance.now();
let saidAtMs = startedAtMs;
const report = await fuzzBodies(bodies, Number(values.seed), (done, { worstMs, rssMib }) => {
  const nowMs = performance.now();
  if (nowMs - saidAtMs < SAID_EVERY_MS) return;
  saidAtMs = nowMs;
  const perSecond = done / ((nowMs - startedAtMs) / 1000);
  const left = Math.ceil((bodies - done) / perSecond);
  console.error(
    `${done} of ${bodies} bodies, ${perSecond.toFixed(0)} a second, ${left} s left; ` +
      `kept for at most ${worstMs.toFixed(1)} ms, at most ${rssMib.toFixed(0)} MiB`,
  );
});
const seconds = Math.round((performance.now() - startedAtMs) / 1000);
console.log(JSON.stringify({ ...report, seconds }, null, 2));
const failed =
  report.worstMs > LOOP_BLOCKED_MS_MAX ||
  report.rssMib > RSS_MIB_MAX ||
  report.inFlight > 0 ||
  report.answers['internal_error'] !== undefined;
console.log(failed ? '0 passed, 1 failed, 0 skipped' : '1 passed, 0 failed, 0 skipped');
process.exit(failed ? 1 : 0);
