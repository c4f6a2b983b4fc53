/**
 * Ends a test run with the time of each tier, the skipped tests and one line of totals.
 *
 * A skipped test is a promise that nobody checks, so one that is not in `allowed-skips.json`, with
 * its reason, fails the run. Not so in a run that a name pattern narrowed: there the rest is
 * skipped because it was asked for.
 */
import { readFileSync, writeSync } from 'node:fs';
import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';

/** `name` is a test's or a suite's full name, its parts joined by ` > `. */
interface AllowedSkip {
  readonly name: string;
  readonly reason: string;
}

interface Span {
  startMs: number;
  endMs: number;
  tests: number;
}

export class RunReporter implements Reporter {
  readonly #allowed: readonly AllowedSkip[] = JSON.parse(
    readFileSync(new URL('./allowed-skips.json', import.meta.url), 'utf8'),
  );
  readonly #tiers = new Map<string, Span>();
  #narrowed = false;
  #totals = '0 passed, 0 failed, 0 skipped';

  onInit(vitest: Vitest): void {
    this.#narrowed = vitest.config.testNamePattern !== undefined;
    // At exit, because vitest still has things to say after the run's end.
    process.once('exit', () => writeSync(1, `${this.#totals}\n`));
  }

  onTestModuleQueued(module: TestModule): void {
    const name = module.project.name;
    const now = performance.now();
    if (!this.#tiers.has(name)) this.#tiers.set(name, { startMs: now, endMs: now, tests: 0 });
  }

  onTestModuleEnd(module: TestModule): void {
    const tier = this.#tiers.get(module.project.name);
    if (!tier) return;
    tier.endMs = performance.now();
    tier.tests += [...module.children.allTests()].length;
  }

  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const skipped = tests.filter((test) => test.result().state === 'skipped');
    const passed = tests.filter((test) => test.result().state === 'passed');
    const brokenModules = modules.filter((module) => !module.ok() && !hasFailedTest(module));
    const unlisted = this.#narrowed ? [] : skipped.filter((test) => !this.#reasonFor(test));
    const failed =
      tests.filter((test) => test.result().state === 'failed').length +
      brokenModules.length +
      unhandledErrors.length;
    if (unlisted.length > 0) process.exitCode = 1;
    this.#print(skipped, unlisted);
    this.#totals = `${passed.length} passed, ${failed} failed, ${skipped.length} skipped`;
  }

  #print(skipped: readonly TestCase[], unlisted: readonly TestCase[]): void {
    for (const [name, { startMs, endMs, tests }] of this.#tiers) {
      console.log(`tier ${name}: ${tests} tests in ${((endMs - startMs) / 1000).toFixed(1)} s`);
    }
    if (this.#narrowed) return;
    for (const test of skipped) {
      const reason = this.#reasonFor(test);
      if (reason) console.log(`skipped: ${test.fullName} (${reason})`);
    }
    for (const test of unlisted) {
      console.error(`SKIPPED WITHOUT A REASON in allowed-skips.json: ${test.fullName}`);
    }
  }

  #reasonFor({ fullName }: TestCase): string | undefined {
    return this.#allowed.find(({ name }) => fullName === name || fullName.startsWith(`${name} > `))
      ?.reason;
  }
}

/** A module may also fail without one: it does not load, or a hook throws. */
function hasFailedTest(module: TestModule): boolean {
  return [...module.children.allTests('failed')].length > 0;
}
