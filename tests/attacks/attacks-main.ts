/**
 * `npm run test:attacks`: starts the product, an honest tenant with a hard budget who works all the
 * time, and carries out every attack by name. Fails if an attack gets another answer than it must, or
 * if the honest tenant, a budget, an event, the projector or a closing was touched.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Verdict } from './attack.ts';
import { type GroupReport, runGroup } from './attack-run.ts';
import { groupsOfAttacks } from './groups.ts';
import { runHostileTenants } from './hostile/hostile-run.ts';
import { HONEST_MODELS, openAttackedHouse } from './product/attacked-house.ts';
import { HonestTenant } from './product/honest-tenant.ts';
import { layBait } from './sql/sql-attacks.ts';

const USAGE = `Usage: npm run test:attacks -- [options]

Attacks the product by name, next to an honest tenant who must not notice.

  --only TEXT        only the groups whose name contains TEXT
  --attack TEXT      of these, only the attacks whose name contains TEXT
  --hostile MINUTES  instead: twenty hostile tenants at once, for so long (npm run test:hostile: 5)
  --json FILE        write every attack and every figure to FILE
  --keep             keep the data folder
`;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    attack: { type: 'string', default: '' },
    hostile: { type: 'string' },
    json: { type: 'string' },
    keep: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}

function sayVerdict({ attack, answer, passed, ms }: Verdict): void {
  const mark = passed ? 'ok  ' : 'FAIL';
  const wanted = passed ? '' : `; expected ${attack.expected.join(' or ')}`;
  const seconds = (ms / 1_000).toFixed(1).padStart(5);
  console.log(`${mark} ${seconds} s  ${attack.item}  ${attack.name}  <-  ${answer}${wanted}`);
}

function sayGroup({ group, quiet, during, lagMax, verdicts, touched }: GroupReport): void {
  const passed = verdicts.filter((verdict) => verdict.passed).length;
  console.log(`${group}: ${passed} of ${verdicts.length} as they must be`);
  console.log(
    `  honest: ${during.calls} calls and ${during.streams} streams, p50 ${during.p50Ms} ms ` +
      `(quiet ${quiet.p50Ms}), p99 ${during.p99Ms} ms (quiet ${quiet.p99Ms}), without ` +
      `the gateway ${during.plainP99Ms} ms (quiet ${quiet.plainP99Ms}), longest silence of ` +
      `a stream, p99, ${during.silenceMs} ms (quiet ${quiet.silenceMs}); projector at most ` +
      `${lagMax} records behind`,
  );
  for (const finding of touched) console.log(`  TOUCHED: ${finding}`);
  if (touched.length === 0)
    console.log('  untouched: calls, streams, budget, events, closing, bill');
}

const folder = mkdtempSync(join(tmpdir(), 'tollgate-attacks-'));
const house = await openAttackedHouse(folder);
const { secret } = house.honest;
const tenant = await HonestTenant.start({
  ...{ url: house.platform.proxyUrl, secret, ...HONEST_MODELS, plain: house.providerUrl },
});

async function attackByName(): Promise<{ passed: number; failed: number; result: object }> {
  const reports: GroupReport[] = [];
  for (const group of groupsOfAttacks(layBait(folder))) {
    const attacks = group.attacks.filter(({ name }) => name.includes(values.attack));
    if (!group.name.includes(values.only) || attacks.length === 0) continue;
    reports.push(await runGroup(house, tenant, { ...group, attacks }, sayVerdict));
    sayGroup(reports.at(-1) as GroupReport);
  }
  for (const kind of new Set(reports.map((report) => report.kind))) {
    const all = reports
      .filter((report) => report.kind === kind)
      .flatMap(({ verdicts }) => verdicts);
    console.log(
      `${all.length} ${kind} attacks, ${all.filter(({ passed }) => passed).length} refused`,
    );
  }
  const verdicts = reports.flatMap((report) => report.verdicts);
  const touched = reports.filter((report) => report.touched.length > 0).length;
  const good = verdicts.filter(({ passed }) => passed).length;
  return {
    passed: good + reports.length - touched,
    failed: verdicts.length - good + touched,
    result: reports,
  };
}

let exitCode = 1;
try {
  const { passed, failed, result } =
    values.hostile === undefined
      ? await attackByName()
      : await runHostileTenants(house, tenant, Number(values.hostile));
  if (values.json !== undefined) writeFileSync(values.json, JSON.stringify(result, null, 1));
  exitCode = failed === 0 && passed > 0 ? 0 : 1;
  tenant.stop();
  await house.stop();
  if (!values.keep && exitCode === 0) rmSync(folder, { recursive: true, force: true });
  else console.log(`The data stays in ${folder}`);
  console.log(`${passed} passed, ${failed} failed, 0 skipped`);
} catch (error) {
  console.error(error);
  tenant.stop();
  await house.stop();
  console.log(`The data stays in ${folder}`);
  console.log('0 passed, 1 failed, 0 skipped');
}
process.exit(exitCode);
