/**
 * The order of test files: those that take longest begin first, so that none of them runs alone at
 * the end while the other worker has nothing to do. Without the times of an earlier run, as in a
 * fresh clone, vitest would go by the size of the files.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of each group, more than some 10 s on two quiet cores, longest first. */
const LONG: readonly string[] = [
  'tests/sim/simulation.prop.test.ts',
  'tests/contract/kafka-log.contract.test.ts',
  'tests/contract/kafka-lost-responses.contract.test.ts',
  'tests/contract/kafka-projectors.contract.test.ts',
  'adapters/journal/journal-store.prop.test.ts',
  'tests/contract/warehouse.contract.test.ts',
  'apps/billing-api/routes/sql/fence-sweep.int.test.ts',
  'apps/billing-api/closing/snapshot.int.test.ts',
  'apps/billing-api/routes/sql/sql.int.test.ts',
  'apps/proxy/body/packed-bodies.int.test.ts',
  'adapters/warehouse/guests/guests.int.test.ts',
  'tests/attacks/bodies/fuzz.int.test.ts',
  'tests/mutation/self-test.int.test.ts',
  'tests/e2e/backup-servers.e2e.test.ts',
  'tests/e2e/demo.e2e.test.ts',
  'tests/e2e/audit.e2e.test.ts',
  'tests/e2e/signals.e2e.test.ts',
  'tests/e2e/alarms.e2e.test.ts',
  'tests/e2e/backup.e2e.test.ts',
  'tests/e2e/rates.e2e.test.ts',
  'tests/e2e/changing-limits.e2e.test.ts',
];

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const { root } = this.ctx.config;
    const gone = LONG.filter((file) => !existsSync(join(root, file)));
    if (gone.length > 0) throw new Error(`longest-first.ts names what is not there: ${gone}`);
    const rank = new Map(LONG.map((file, index) => [join(root, file), index]));
    const rankOf = ({ moduleId }: TestSpecification) => rank.get(moduleId) ?? LONG.length;
    const groupOf = ({ project }: TestSpecification) => project.config.sequence.groupOrder;
    const sorted = await super.sort(files);
    return sorted.toSorted((a, b) => groupOf(a) - groupOf(b) || rankOf(a) - rankOf(b));
  }
}
