/**
 * Kills each projector ten times at random, and at named points: K9 and K10 of the shipper, and K11
 * to K14 in each projector, each as often as the run asks.
 */

import { childrenOf } from '../platform.ts';
import { type Point, points } from '../points.ts';
import { pause, repeat, type Scenario, type Stage } from './stage.ts';

/** Kills of each projector. */
const RANDOM_KILLS = 10;
const SHIPPER = ['K9', 'K10'];
const PROJECTOR = ['K11', 'K12', 'K13', 'K14'];

export const projectorKills: Scenario = async (stage) => {
  const { runner, house, perPoint } = stage;
  const missing: string[] = [];
  const projectors = childrenOf(house).projectors.map((_, index) => index);
  let turn = 0;
  const random = {
    what: {
      point: 'random',
      label: `projectors 1 to ${projectors.length} in turns, at random`,
      times: RANDOM_KILLS * projectors.length,
    },
    once: async () => {
      await pause(stage, 1_000, 4_000);
      await runner.strike('random', pidOf(stage, turn++ % projectors.length));
    },
  };
  const shipper = SHIPPER.map((name) => ({
    what: { point: name, label: `${name} (${pointOf(name).what})`, times: perPoint },
    once: () => runner.run({ point: pointOf(name), signal: 'SIGKILL' }),
  }));
  const atPoints = projectors.flatMap((index) =>
    PROJECTOR.map((name) => {
      const { what, trigger } = pointOf(name);
      // The group chooses which projector takes over; we choose which one dies before.
      const where = trigger === undefined ? 'in' : `after ${trigger} in`;
      const label = `${name} ${where} projector ${index + 1} (${what})`;
      const fault = () => ({ point: pointOf(name), pid: pidOf(stage, index) });
      return {
        what: { point: name, label, times: perPoint },
        once: () => runner.run({ ...fault(), signal: 'SIGKILL' }),
      };
    }),
  );
  const from = runner.records.length;
  for (const { what, once } of [random, ...shipper, ...atPoints]) {
    missing.push(...(await repeat(stage, what, once)));
  }
  const reached = runner.records.slice(from).filter(({ reached_at }) => reached_at !== null);
  const times = Map.groupBy(reached, ({ point }) => point);
  const counts = [...times].map(([point, records]) => [point, records.length]);
  return { figures: { kills: reached.length, times: Object.fromEntries(counts) }, missing };
};

function pointOf(name: string): Point {
  const point = points.find((one) => one.name === name);
  if (point === undefined) throw new Error(`there is no point ${name}`);
  return point;
}

function pidOf({ house }: Stage, index: number): number {
  const pid = childrenOf(house).projectors[index] ?? null;
  if (pid === null) throw new Error(`projector ${index + 1} does not run`);
  return pid;
}
