/** The broker is killed under load and started again on its port and its data, three times. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isGood } from '../faults.ts';
import { pause, projectedUpToNow, type Scenario } from './stage.ts';

const KILLS = 3;
/** How long the broker is down, ms: shorter than any time-out of its clients. */
const DOWN_MS = 3_000;

export const brokerKills: Scenario = async (stage) => {
  const { engines, load, runner, say } = stage;
  const level: number[] = [];
  const from = runner.records.length;
  for (let kill = 1; kill <= KILLS; kill++) {
    await pause(stage, 2_000, 5_000);
    runner.note('broker', 'SIGKILL');
    await engines.broker.kill();
    const before = load.tally.completed;
    await sleep(DOWN_MS);
    const during = load.tally.completed - before;
    await engines.broker.start();
    const ms = await projectedUpToNow(stage);
    level.push(ms);
    const inFlight = runner.records.at(-1)?.calls_in_flight ?? 0;
    say(`  broker killed: ${inFlight} in flight; ${during} calls meanwhile; level after ${ms} ms`);
  }
  const good = runner.records.slice(from).filter(isGood).length;
  const missing = good < KILLS ? [`broker: ${good} of ${KILLS} kills under load`] : [];
  return { figures: { kills: KILLS, level_after_ms: level }, missing };
};
