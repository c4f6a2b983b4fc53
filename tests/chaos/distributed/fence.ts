/**
 * A projector is stopped at the fence, when everything is decided and staged and nothing is
 * inserted, for longer than its session. Another one takes its partitions; then the stopped one
 * resumes. Ten times. What it staged must not count: the verdict of the run checks that.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { until } from '@tollgate/audit/bill/steps.ts';
import { FENCE } from '../points.ts';
import { ExtraProjector } from './extra-projector.ts';
import { projectedUpToNow, repeat, type Scenario, type Stage } from './stage.ts';

const STOPS = 10;
/** Longer than the session of 10 s, ms. */
const STOPPED_MS_MIN = 12_000;
const FENCED = 'a newer projector owns partitions of this one';
const FAILED = 'projecting failed; trying again';

export const stoppedAtFence: Scenario = async (stage) => {
  const { house, runner, say } = stage;
  const extra = await ExtraProjector.start(house);
  const noticed = { by_fence: 0, by_error: 0 };
  const taken: number[] = [];
  const once = async () => {
    await runner.await(
      { point: FENCE.name, signal: 'SIGSTOP', skip: 0, pid: extra.pid },
      async () => {
        const before = [extra.said(FENCED), extra.said(FAILED)];
        const epochs = await epochsOf(stage);
        await sleep(STOPPED_MS_MIN);
        await until('another projector takes the partitions of the stopped one', async () => {
          const now = await epochsOf(stage);
          const risen = [...now].filter(([p, epoch]) => epoch > (epochs.get(p) ?? -1n)).length;
          if (risen > 0) taken.push(risen);
          return risen > 0;
        });
        process.kill(extra.pid, 'SIGCONT');
        const count = () => [extra.said(FENCED), extra.said(FAILED)];
        await until('the stopped projector notices', async () =>
          count().some((lines, i) => lines > (before[i] as number)),
        );
        if (extra.said(FENCED) > (before[0] as number)) noticed.by_fence++;
        else noticed.by_error++;
        say(`  ${taken.at(-1)} partitions were taken meanwhile; continued`);
      },
    );
  };
  const what = { point: FENCE.name, label: 'stopped at the fence', times: STOPS };
  const missing = await repeat(stage, what, once);
  await extra.end('SIGTERM');
  const level = await projectedUpToNow(stage);
  const figures = { stops: taken.length, partitions_taken: taken, noticed, level_after_ms: level };
  return { figures, missing };
};

/** Newest epoch of each partition. */
async function epochsOf({ warehouse }: Stage): Promise<Map<number, bigint>> {
  const rows = await warehouse.query<{ partition: number; epoch: string }>(
    'SELECT partition, toString(max(epoch)) AS epoch FROM tollgate.fence GROUP BY partition',
  );
  return new Map(rows.map(({ partition, epoch }) => [partition, BigInt(epoch)]));
}
