/**
 * The order of test files: those that take longest begin first, so that none of them runs alone at
 * the end while the other worker has nothing to do. Without the times of an earlier run, as in a
 * fresh clone, vitest would go by the size of the files.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Of each group, those that take a minute on a busy machine or some 10 s on a quiet one, longest first. */
const LONG: readonly string[] = [
  'tests/contract/kafka-log.contract.test.ts',
  'tests/sim/simulation.prop.test.ts',
  'tests/contract/kafka-lost-responses.contract.test.ts',
  'tests/contract/kafka-projectors.contract.test.ts',
  'tests/contract/warehouse.contract.test.ts',
  'tests/answers/generated/answers.prop.test.ts',
  'adapters/journal/journal-store.prop.test.ts',
  'apps/billing-api/closing/close-run.int.test.ts',
  'tests/deployment/deployment.int.test.ts',
  'apps/billing-api/reconciliation/resolver.int.test.ts',
  'apps/projector/partition-claim.int.test.ts',
  'apps/projector/rollup.int.test.ts',
  'apps/projector/unreadable-records.int.test.ts',
  'apps/billing-api/closing/boundaries.int.test.ts',
  'apps/billing-api/alarms/soft-budgets.int.test.ts',
  'apps/billing-api/routes/resolutions/resolutions.int.test.ts',
  'apps/billing-api/closing/snapshot.int.test.ts',
  'apps/billing-api/closing/unbillable.int.test.ts',
  'apps/billing-api/closing/freeze.int.test.ts',
  'apps/billing-api/routes/calls/calls.int.test.ts',
  'adapters/warehouse/guests/guests.int.test.ts',
  'apps/billing-api/routes/sql/fence-sweep.int.test.ts',
  'apps/billing-api/routes/sql/sql.int.test.ts',
  'tests/attacks/bodies/fuzz.int.test.ts',
  'tests/mutation/self-test.int.test.ts',
  'tests/e2e/backup-servers.e2e.test.ts',
  'tests/clients/python-clients.e2e.test.ts',
  'tests/clients/clients.e2e.test.ts',
  'tests/e2e/audit.e2e.test.ts',
  'tests/e2e/demo.e2e.test.ts',
  'tests/e2e/routes.e2e.test.ts',
  'tests/e2e/clock-steps.e2e.test.ts',
  'tests/e2e/yesterday.e2e.test.ts',
  'tests/e2e/signals.e2e.test.ts',
  'tests/e2e/changing-limits.e2e.test.ts',
  'tests/e2e/why-and-me.e2e.test.ts',
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
