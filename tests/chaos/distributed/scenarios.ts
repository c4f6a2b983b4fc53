/** The scenarios on servers, in the order in which they run. */
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { openWarehouse } from '@tollgate/adapters/stores/open-warehouse.ts';
import { storesOf } from '../verdict.ts';
import { brokerKills } from './broker.ts';
import { stoppedAtFence } from './fence.ts';
import { projectorKills } from './kills.ts';
import { killedLeaders } from './leader.ts';
import { brokerOutage, ledgerOutage, warehouseOutage } from './outages.ts';
import type { Scenario, ScenarioResult, Stage } from './stage.ts';
import { rebalanceStorm } from './storm.ts';

type Step = { name: string; what: string; run: Scenario };

const SCENARIOS: Readonly<Record<string, readonly Step[]>> = {
  kills: [
    { name: 'kills', what: 'projectors killed at random and at points', run: projectorKills },
  ],
  broker: [{ name: 'broker', what: 'the broker killed and restarted', run: brokerKills }],
  storm: [{ name: 'storm', what: 'a projector joins or leaves every 5 s', run: rebalanceStorm }],
  fence: [{ name: 'fence', what: 'a projector stopped at the fence', run: stoppedAtFence }],
  outages: [
    { name: 'broker outage', what: 'no broker for 60 s', run: brokerOutage },
    { name: 'warehouse outage', what: 'no ClickHouse for 60 s', run: warehouseOutage },
    { name: 'ledger outage', what: 'no ledger for 60 s', run: ledgerOutage },
  ],
  leader: [{ name: 'leader', what: 'leaders of three brokers killed', run: killedLeaders }],
};

export const scenarioNames = ['points', ...Object.keys(SCENARIOS)];

export type ScenarioReport = ScenarioResult & { name: string; seconds: number };

/** Runs them one after the other. @throws Error if the product does not recover from one */
export async function runScenarios(
  names: readonly string[],
  given: Omit<Stage, 'log' | 'warehouse'>,
): Promise<ScenarioReport[]> {
  const stores = storesOf(given.house);
  const log = await openLog(stores, 'usage');
  const warehouse = await openWarehouse(stores);
  const reports: ScenarioReport[] = [];
  for (const { name, what, run } of names.flatMap((one) => SCENARIOS[one] ?? [])) {
    const startedAtMs = Date.now();
    given.say(`${name}: ${what}`);
    const result = await run({ ...given, log, warehouse });
    const seconds = Math.round((Date.now() - startedAtMs) / 1000);
    reports.push({ name, seconds, ...result });
    const { completed, unavailable, failed } = given.load.tally;
    given.say(
      `${name}: ${result.missing.length === 0 ? 'done' : 'FAILED'} in ${seconds} s; ` +
        `${completed} calls completed so far, ${unavailable} answers of 503, ${failed} failed`,
    );
    // Now, because a later step may end the run before its verdict.
    for (const line of result.missing) given.say(`  ${line}`);
  }
  await Promise.all([log.close(), warehouse.close()]);
  return reports;
}
