/** A rebalance storm: every five seconds for two minutes a projector joins or leaves the group. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isGood } from '../faults.ts';
import { ExtraProjector } from './extra-projector.ts';
import { projectedUpToNow, type Scenario } from './stage.ts';

const EVERY_MS = 5_000;
const FOR_MS = 120_000;
const EXTRA_MAX = 2;

export const rebalanceStorm: Scenario = async (stage) => {
  const { house, runner, random, say } = stage;
  const extras: ExtraProjector[] = [];
  const counts = { joined: 0, left: 0, killed: 0 };
  const from = runner.records.length;
  const startedAtMs = performance.now();
  for (let beat = 1; beat * EVERY_MS <= FOR_MS; beat++) {
    const joins = extras.length === 0 || (extras.length < EXTRA_MAX && random() < 0.5);
    if (joins) {
      runner.note('join', 'none');
      extras.push(await ExtraProjector.start(house));
      counts.joined++;
    } else {
      const signal = random() < 0.5 ? 'SIGKILL' : 'SIGTERM';
      runner.note(`leave by ${signal}`, signal);
      await extras.shift()?.end(signal);
      if (signal === 'SIGKILL') counts.killed++;
      else counts.left++;
    }
    const last = runner.records.at(-1);
    say(`  ${last?.point}: ${last?.calls_in_flight} in flight, ${extras.length} extra`);
    await sleep(Math.max(0, startedAtMs + beat * EVERY_MS - performance.now()));
  }
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  await Promise.all(extras.map((extra) => extra.end('SIGTERM')));
  const level = await projectedUpToNow(stage);
  const records = runner.records.slice(from);
  const idle = records.filter((record) => !isGood(record)).length;
  const missing = idle > 0 ? [`storm: ${idle} of ${records.length} without enough calls`] : [];
  return { figures: { ...counts, seconds, level_after_ms: level }, missing };
};
