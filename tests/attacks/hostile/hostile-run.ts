/** Twenty hostile tenants at once, next to the honest one, who is compared with itself alone. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttackedHouse } from '../product/attacked-house.ts';
import type { HonestTenant, Window } from '../product/honest-tenant.ts';
import {
  figuresOf,
  latencyFindings,
  settledFindings,
  Watch,
  windowFindings,
} from '../product/untouched.ts';
import type { HostileReport } from './hostile-main.ts';
import type { Hostile } from './hostile-tenants.ts';

const ALONE_MS = 60_000;
const P99_FACTOR = 3;
const SUCCESS_SHARE_MIN = 0.999;
const MINUTE_MS = 60_000;

export async function runHostileTenants(
  house: AttackedHouse,
  tenant: HonestTenant,
  minutes: number,
): Promise<{ passed: number; failed: number; result: object }> {
  await tenant.run();
  await sleep(5_000);
  await tenant.window();
  await sleep(ALONE_MS);
  const alone = await tenant.window();
  const aloneFigures = figuresOf(alone);
  console.log(`alone: ${JSON.stringify(aloneFigures)}`);
  const watch = new Watch(house);
  const { report, window } = await beset(house, tenant, minutes);
  const touched = await watch.stop();
  const figures = figuresOf(window);
  for (const [name, struck] of Object.entries(report)) {
    console.log(`  ${name}: ${sayStruck(struck)}`);
    if (Object.keys(struck).length === 0) touched.push(`there was no tenant of ${name}`);
  }
  const made = window.calls + window.streams;
  const success = (made - window.failed) / made;
  console.log(
    `beset for ${minutes} minutes: ${JSON.stringify(figures)}; success ${(success * 100).toFixed(3)} %; ` +
      `projector at most ${watch.lagMax} records behind`,
  );
  if (success < SUCCESS_SHARE_MIN)
    touched.push(`success was ${success}`, ...windowFindings(window));
  touched.push(...windowFindings(alone), ...latencyFindings(aloneFigures, figures, P99_FACTOR));
  await tenant.pause();
  touched.push(...(await settledFindings(house, tenant)));
  for (const finding of touched) console.log(`  TOUCHED: ${finding}`);
  const failed = touched.length === 0 ? 0 : 1;
  const result = { alone: aloneFigures, beset: figures, success, report, touched };
  return { passed: 1 - failed, failed, result };
}

async function beset(
  { platform, caller, poor, unknownSecret }: AttackedHouse,
  tenant: HonestTenant,
  minutes: number,
): Promise<{ report: HostileReport; window: Window }> {
  const child = fork(new URL('./hostile-main.ts', import.meta.url), { stdio: 'inherit' });
  try {
    const known: Hostile = {
      ...{ proxyUrl: platform.proxyUrl, apiUrl: platform.apiUrl, adminToken: platform.adminToken },
      ...{ secret: caller.secret, poorSecret: poor.secret, unknownSecret },
    };
    child.send({ begin: known });
    await sleep(minutes * MINUTE_MS);
    const window = await tenant.window();
    const ended = once(child, 'message');
    child.send('stop');
    const [report] = (await ended) as [HostileReport];
    return { report, window };
  } finally {
    child.disconnect();
  }
}

function sayStruck(struck: HostileReport[string]): string {
  const all = Object.entries(struck).toSorted(([, a], [, b]) => b - a);
  return all.map(([said, count]) => `${count} × ${said}`).join(', ');
}
