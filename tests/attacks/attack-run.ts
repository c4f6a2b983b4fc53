/** Carries groups of attacks out while the honest tenant works, and judges each group. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type AttackGroup, carryOut, type Verdict } from './attack.ts';
import type { AttackedHouse } from './product/attacked-house.ts';
import type { HonestTenant } from './product/honest-tenant.ts';
import {
  type Figures,
  figuresOf,
  latencyFindings,
  settledFindings,
  Watch,
  windowFindings,
} from './product/untouched.ts';

/** Long enough for a slowest hundredth, ms: some 200 calls and streams. */
const QUIET_MS = 8_000;
/** A group goes on for at least so long, so that it can be judged, ms. */
const GROUP_MS_MIN = 8_000;
/** What a phase before left in the sockets is over by then, ms. */
const CALM_MS = 1_000;
/** How much longer than when it is quiet an honest call may take. */
const P99_FACTOR = 2;

export type GroupReport = {
  group: string;
  kind: AttackGroup['kind'];
  verdicts: Verdict[];
  quiet: Figures;
  during: Figures;
  lagMax: number;
  /** What was touched; none: the honest tenant noticed nothing. */
  touched: string[];
};

export async function runGroup(
  house: AttackedHouse,
  tenant: HonestTenant,
  group: AttackGroup,
  onVerdict: (verdict: Verdict) => void,
): Promise<GroupReport> {
  await tenant.run();
  const before = await quietPhase(tenant);
  const watch = new Watch(house);
  const startedAtMs = performance.now();
  const verdicts: Verdict[] = [];
  for (const attack of group.attacks) {
    const verdict = await carryOut(attack, house);
    verdicts.push(verdict);
    onVerdict(verdict);
  }
  await sleep(Math.max(0, GROUP_MS_MIN - (performance.now() - startedAtMs)));
  const window = await tenant.window();
  const findings = [...windowFindings(window), ...(await watch.stop())];
  // The machine may be busy with something else: the quieter hour is that which is like this one.
  const after = await quietPhase(tenant);
  const quiet = after.p99Ms > before.p99Ms ? after : before;
  const during = figuresOf(window);
  findings.push(...latencyFindings(quiet, during, P99_FACTOR));
  findings.push(...windowFindings(await rest(tenant)));
  findings.push(...(await settledFindings(house, tenant)));
  const { name, kind } = group;
  return { group: name, kind, verdicts, quiet, during, lagMax: watch.lagMax, touched: findings };
}

/** @returns the honest tenant's figures while nobody attacks */
async function quietPhase(tenant: HonestTenant): Promise<Figures> {
  await sleep(CALM_MS);
  await tenant.window();
  await sleep(QUIET_MS);
  return figuresOf(await tenant.window());
}

/** Until nothing is in flight; a window that is cut short may have no stream that ended. */
async function rest(tenant: HonestTenant) {
  const window = await tenant.pause();
  return { ...window, calls: Math.max(1, window.calls), streams: Math.max(1, window.streams) };
}
