/** Areas of the product, the tests that are to notice mistakes in them, and how many they must. */

export type Area = {
  /** Globs of production files. */
  sources: readonly string[];
  /**
   * Globs of test files, group by group: what a group does not notice, the next one is asked. Of
   * these only files that import the area run.
   */
  tests: readonly (readonly string[])[];
  /** Share of mutants that must be killed, in per cent. */
  killedMin: number;
};

const BUDGET_TESTS = ['apps/proxy/budget/**', 'apps/proxy/takeover/**'];
const CALL_TESTS = ['apps/proxy/call/**', 'apps/proxy/dialects/**', 'apps/proxy/relay/**'];
const CLOSING_TESTS = ['apps/billing-api/closing/**', 'apps/billing-api/routes/**'];

export const areas: Readonly<Record<string, Area>> = {
  domain: {
    sources: ['domain/**'],
    tests: [['domain/**'], [...CALL_TESTS, ...BUDGET_TESTS, ...CLOSING_TESTS]],
    killedMin: 95,
  },
  'proxy-call': {
    sources: ['apps/proxy/call/**', 'apps/proxy/dialects/**', 'apps/proxy/routing/**'],
    tests: [[...CALL_TESTS, 'apps/proxy/{routing,routes}/**', 'apps/proxy/*.test.ts']],
    killedMin: 85,
  },
  'proxy-budget': {
    sources: ['apps/proxy/budget/**'],
    tests: [BUDGET_TESTS, CALL_TESTS],
    killedMin: 85,
  },
  'proxy-relay': {
    sources: ['apps/proxy/relay/**'],
    tests: [['apps/proxy/relay/**'], CALL_TESTS],
    killedMin: 85,
  },
  projector: {
    sources: ['apps/projector/**'],
    tests: [['apps/projector/**']],
    killedMin: 85,
  },
  closing: {
    sources: ['apps/billing-api/closing/**'],
    tests: [['apps/billing-api/closing/**'], ['apps/billing-api/routes/**']],
    killedMin: 85,
  },
  reconciliation: {
    sources: ['apps/billing-api/reconciliation/**'],
    tests: [['apps/billing-api/reconciliation/**'], ['apps/billing-api/routes/**']],
    killedMin: 85,
  },
  journal: {
    sources: ['adapters/journal/**'],
    tests: [['adapters/journal/**'], BUDGET_TESTS],
    killedMin: 85,
  },
  /** What every app reads and appends events with. */
  'ledger-kit': {
    sources: [
      'adapters/ledger/{append-decided,append-once,categories,checked-ledger}.ts',
      'adapters/ledger/{event-category,event-ids,follower,new-event}.ts',
      'adapters/ledger/{process-manager,read-stream,seen-revisions}.ts',
      'adapters/backoff/**',
      'schemas/ledger/earlier-versions.ts',
    ],
    tests: [['adapters/ledger/**', 'adapters/backoff/**', 'schemas/**'], BUDGET_TESTS],
    killedMin: 85,
  },
  ledger: {
    sources: [
      'adapters/ledger/{ledger,sqlite,eventstore}*.ts',
      'schemas/ledger/{ledger-events,price-version}.ts',
    ],
    tests: [['adapters/ledger/**', 'schemas/**', 'tests/contract/**'], BUDGET_TESTS],
    killedMin: 85,
  },
  warehouse: {
    sources: ['adapters/warehouse/**'],
    tests: [['adapters/warehouse/**'], ['apps/projector/**', ...CLOSING_TESTS]],
    killedMin: 85,
  },
  /** Of this tool: what becomes of each of its mutants is known (`self-test.int.test.ts`). */
  toy: {
    sources: ['tests/mutation/toy/toy.ts'],
    tests: [['tests/mutation/toy/**']],
    killedMin: 0,
  },
};

/** Wiring and tuning, which other tests than these are about. */
export const LEFT_OUT = /(?:^|\/)(?:[\w-]+-)?(?:main|limits)\.ts$|\/testing\/|\.test\.ts$/;
