/** Three brokers are killed one after the other, including leaders: a suite of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Scenario } from './stage.ts';

const SUITE = 'tests/contract/kafka-brokers.chaos.test.ts';
const FIGURES = /(\d+) acknowledged, (\d+) appends rejected, (\d+) stored, (\d+) commits/;

export const killedLeaders: Scenario = async ({ say }) => {
  const child = spawn('npx', ['vitest', 'run', '--project=chaos', SUITE], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  const take = (bytes: Buffer) => {
    text += bytes.toString();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const [code] = (await once(child, 'close')) as [number | null];
  const [line, acknowledged, rejected, stored] = FIGURES.exec(text) ?? [];
  say(`  ${SUITE}: ${line ?? text.slice(-2_000)}`);
  const failed = code !== 0 || line === undefined;
  return {
    figures: {
      acknowledged: Number(acknowledged),
      rejected: Number(rejected),
      stored: Number(stored),
    },
    missing: failed ? [`leader: ${SUITE} failed or was skipped`] : [],
  };
};
