/**
 * The scenario of the demo, step by step, on which the audit is tested as well: every claim of the
 * product is made to happen, and then checked from the simulator's own bill. Any wrong figure throws.
 */
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { closeAll, type Invoice } from '@tollgate/audit/bill/closing.ts';
import { assertEqual, type Figures, readBill, sum } from '@tollgate/audit/bill/figures.ts';
import {
  checkBeforeImport,
  checkBudgets,
  importBill,
  resolved,
  rollups,
  settled,
} from '@tollgate/audit/bill/steps.ts';
import { runningConfig, type Started, startPlatform } from '../platform-process.ts';
import { checkRace, RACE_LIMIT, raceBudget } from './budget-race.ts';
import { createKey, createParty, type Party } from './parties.ts';
import { replay, type Shape } from './workload.ts';

export type ScenarioOptions = {
  data: string;
  proxies: number;
  shapes: readonly Shape[];
  speed: number;
  /** A `tollgate.yaml` that names the engines; default: all embedded. */
  config?: string;
  say: (line: string) => void;
  progress: (line: string) => void;
};

export type ScenarioResult = {
  places: Record<string, Figures>;
  calls: number;
  attempts: number;
  unknown_before_import: number;
  estimated: number;
  resolved: number;
  budget_limit: string;
  budget_spent: string;
  invoices: { customer: string; invoice: Invoice }[];
};

const quiet = { warn: () => undefined };

export async function runScenario(
  options: ScenarioOptions,
): Promise<ScenarioResult & { platform: Started }> {
  const { say } = options;
  const startMs = Date.now() - 1_000;
  const platform = await startPlatform(options);
  const api = adminClient(platform.apiUrl, platform.adminToken);
  say(`Running on ${platform.proxyUrl} (${options.proxies} proxies), API ${platform.apiUrl}`);
  const parties = [
    await createParty(api, 'Acme (drain on disconnect)', 200_000, 'drain'),
    await createParty(api, 'Globex (abort on disconnect)', 350_000, 'abort'),
  ];
  const [first] = parties as [Party, ...Party[]];
  const tally = await replayWithKill(options, platform, parties);
  say(
    `${tally.sent} calls: ${tally.served} served, ${tally.aborted} given up by the client, ` +
      `${tally.failed} failed upstream or at the kill`,
  );
  const racer = await raceBudget(platform, await createKey(api, first.customerId, RACE_LIMIT), say);

  const stores = { config: runningConfig(options.data), clientId: 'tollgate-demo', logger: quiet };
  const log = await openLog({ ...stores, data: options.data }, 'usage');
  const audit = { api, log, bill: () => readBill(platform.bill) };
  const before = await settled(audit);
  const unknown = checkBeforeImport(before, say);
  checkRace(before, racer, say);
  await importBill(api, audit.bill(), startMs);
  const events = await resolved(audit);
  await checkBudgets(api, [...parties.flatMap(({ keys }) => keys), racer], events);
  say('Every budget holds 0 and has spent the cost of its events');
  const closed = await closeAll(
    api,
    parties.map(({ customerId }) => customerId),
  );
  const places: Record<string, Figures> = {
    "simulator's bill": sum(audit.bill()),
    events: sum(events.values()),
    'roll-ups': await rollups(api, startMs),
    snapshot: closed.snapshots,
    invoice: closed.invoices,
  };
  assertEqual(places);
  await log.close();
  const all = [...events.values()];
  return {
    platform,
    places,
    calls: new Set(all.map((event) => event.call_id)).size,
    attempts: all.filter(({ type }) => type === 'attempt').length,
    unknown_before_import: unknown,
    estimated: all.filter((e) => e.type === 'attempt' && e.usage_source === 'estimated').length,
    resolved: all.filter(({ type }) => type === 'resolution').length,
    budget_limit: RACE_LIMIT,
    budget_spent: sum(racer.lines(audit.bill(), events)).cost,
    invoices: closed.issued.map(({ customerId, invoice }) => ({
      customer: nameOf(parties, customerId),
      invoice,
    })),
  };
}

/** Half way through, one proxy is killed with calls in flight. */
async function replayWithKill(options: ScenarioOptions, platform: Started, parties: Party[]) {
  const half = options.shapes.length / 2;
  let killed = false;
  const tally = await replay({
    proxyUrl: platform.proxyUrl,
    keys: parties.flatMap(({ keys }) => keys.map(({ secret }) => secret)),
    shapes: options.shapes,
    speed: options.speed,
    onProgress({ sent, served, failed, aborted }) {
      options.progress(
        `${sent}/${options.shapes.length} calls, ${served} served, ${failed} failed, ${aborted} aborted`,
      );
      if (killed || sent < half) return;
      killed = true;
      const [pid] = platform.proxyPids();
      if (pid === undefined) return;
      process.kill(pid, 'SIGKILL');
      options.say(`Killed proxy ${pid} with SIGKILL; its journal will be taken over`);
    },
  });
  return tally;
}

function nameOf(parties: readonly Party[], customerId: string): string {
  return parties.find((party) => party.customerId === customerId)?.name ?? customerId;
}
