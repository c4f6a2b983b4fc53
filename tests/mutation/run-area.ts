/** One area: its mutants, what becomes of each, and whether the answers can be trusted. */
import { readFileSync } from 'node:fs';
import { type Area, areas } from './areas.ts';
import { type Equivalents, readEquivalents, untrueEntries } from './equivalents.ts';
import { huntWith, recordFiles, type TestFile } from './hunt.ts';
import { instrument } from './instrument.ts';
import type { Mutant } from './mutant.ts';
import type { Sources } from './plan.ts';
import { recheck } from './recheck.ts';
import { describe, reportOf } from './report.ts';
import { hashOf, namesOf, Results, type Verdict } from './results.ts';
import { pick, seeded } from './sample.ts';
import { Session } from './session.ts';
import { absolute, closureText, relatedTests, sourcesOf } from './subjects.ts';

export type AreaOptions = {
  /** Only these lines; null: all. */
  lines: ReadonlyMap<string, ReadonlySet<number>> | null;
  /** Part of a path. */
  only: string;
  sample: number | null;
  seed: number;
  /** So many kills are shown again. */
  recheck: number;
  again: boolean;
  /** A turn that takes so much longer than it should hangs. */
  patienceMs: number;
  /** Only the area's own tests. */
  quick: boolean;
  listOnly: boolean;
  say: (line: string) => void;
};

export type AreaReport = {
  killed: number;
  survived: number;
  /** Named as such, and survived. */
  equivalent: number;
  /** What fails the run. */
  problems: string[];
};

/** An area's sources with all of its mutants, and those of them that are to be run. */
type Subjects = {
  texts: ReadonlyMap<string, string>;
  sources: Sources;
  mutants: readonly Mutant[];
  names: ReadonlyMap<number, string>;
};

export async function runArea(name: string, options: AreaOptions): Promise<AreaReport> {
  const area = areas[name] as Area;
  const subjects = subjectsOf(area, options);
  const { mutants, texts } = subjects;
  const { say } = options;
  say(`${name}: ${mutants.length} mutants in ${texts.size} files`);
  if (options.listOnly) for (const mutant of mutants) say(`  ${describe(mutant)}`);
  const nothing = { killed: 0, survived: 0, equivalent: 0, problems: [] };
  if (options.listOnly || mutants.length === 0) return nothing;
  const run = new AreaRun(name, subjects, options);
  const problems: string[] = [];
  try {
    const groups = relatedTests(area, [...texts.keys()]);
    await run.hunt(options.quick ? groups.slice(0, 1) : groups);
    problems.push(...(await run.doubts()));
  } finally {
    run.close();
  }
  const report = reportOf(name, {
    mutants,
    verdicts: run.verdicts,
    equivalents: run.equivalents,
    killedMin: area.killedMin,
    partly: isPartly(options),
  });
  for (const line of report.lines) say(line);
  return { ...report, problems: [...problems, ...report.problems] };
}

/** Not the whole area. */
function isPartly({ sample, lines, only }: AreaOptions): boolean {
  return sample !== null || lines !== null || only !== '';
}

function subjectsOf(area: Area, { lines, only, sample, seed }: AreaOptions): Subjects {
  const texts = new Map<string, string>();
  const sources: Record<string, string> = {};
  const all: Mutant[] = [];
  for (const file of sourcesOf(area)) {
    const text = readFileSync(absolute(file), 'utf8');
    const { text: instrumented, mutants } = instrument(file, text, all.length);
    if (mutants.length === 0) continue;
    texts.set(file, text);
    sources[absolute(file)] = instrumented;
    all.push(...mutants);
  }
  const names = namesOf(all, texts);
  const wanted = all.filter(
    ({ file, line }) => file.includes(only) && (lines === null || lines.get(file)?.has(line)),
  );
  const mutants = sample === null ? wanted : pick(wanted, sample, seeded(seed));
  return { texts, sources, mutants, names };
}

class AreaRun {
  readonly verdicts = new Map<Mutant, Verdict>();
  readonly equivalents: Equivalents;
  readonly #subjects: Subjects;
  readonly #options: AreaOptions;
  readonly #results: Results;
  readonly #session: Session;
  /** The test files that ran mutants in this run. */
  readonly #used = new Map<string, TestFile>();

  constructor(area: string, subjects: Subjects, options: AreaOptions) {
    this.#subjects = subjects;
    this.#options = options;
    this.#results = new Results(area);
    this.#session = new Session(subjects.sources);
    this.equivalents = readEquivalents();
  }

  close(): void {
    this.#results.save();
    this.#session.close();
  }

  async hunt(groups: readonly (readonly string[])[]): Promise<void> {
    if (!this.#options.again) this.#takeKnown();
    const reached = new Set<number>();
    for (const group of groups) {
      if (this.#alive().length === 0) break;
      const files = await recordFiles(this.#session, group);
      const ms = Math.round(files.reduce((sum, file) => sum + file.ms, 0));
      this.#options.say(`  ${files.length} test files are green in ${ms} ms without any mutant`);
      for (const file of files) for (const id of file.reaching.keys()) reached.add(id);
      files.sort((a, b) => a.ms - b.ms);
      for (const file of files) await this.#huntWith(file);
    }
    for (const mutant of this.#alive()) {
      if (!reached.has(mutant.id)) this.verdicts.set(mutant, { kind: 'not reached' });
    }
  }

  /** Kills of earlier runs that nothing has touched since. */
  #takeKnown(): void {
    for (const mutant of this.#subjects.mutants) {
      const name = this.#subjects.names.get(mutant.id) as string;
      const verdict = this.#results.get(name, (known) => this.#basis(mutant, known));
      if (verdict?.kind.startsWith('killed')) this.verdicts.set(mutant, verdict);
    }
    if (this.verdicts.size === 0) return;
    this.#options.say(`  ${this.verdicts.size} are known to be killed, from earlier runs`);
  }

  #basis({ file }: Mutant, verdict: Verdict): string {
    const tests = 'file' in verdict ? closureText(verdict.file) : '';
    return hashOf(this.#subjects.texts.get(file) ?? '', tests);
  }

  /** What no test has noticed yet. */
  #alive(): Mutant[] {
    return this.#subjects.mutants.filter((mutant) => {
      const kind = this.verdicts.get(mutant)?.kind;
      return kind === undefined || kind === 'survived';
    });
  }

  async #huntWith(file: TestFile): Promise<void> {
    const mutants = this.#alive().filter(({ id }) => file.reaching.has(id));
    if (mutants.length === 0) return;
    this.#used.set(file.path, file);
    const startedAtMs = performance.now();
    let killed = 0;
    await huntWith(this.#session, file, mutants, this.#options.patienceMs, (mutant, verdict) => {
      const before = this.verdicts.get(mutant);
      const tests = before?.kind === 'survived' ? before.tests : 0;
      const isAlive = verdict.kind === 'survived';
      this.verdicts.set(mutant, isAlive ? { ...verdict, tests: tests + verdict.tests } : verdict);
      const name = this.#subjects.names.get(mutant.id) as string;
      this.#results.set(name, verdict, this.#basis(mutant, verdict));
      if (!isAlive) killed++;
    });
    this.#results.save();
    const seconds = ((performance.now() - startedAtMs) / 1000).toFixed(1);
    this.#options.say(`  ${file.path}: ${killed} of ${mutants.length} killed in ${seconds} s`);
  }

  /** Is the tool to be believed? @returns why not */
  async doubts(): Promise<string[]> {
    const { texts } = this.#subjects;
    const problems: string[] = [];
    try {
      await recordFiles(this.#session, [...this.#used.keys()]);
    } catch (error) {
      problems.push(`after the mutants: ${error instanceof Error ? error.message : error}`);
    }
    if (!isPartly(this.#options)) {
      const isKilled = (mutant: Mutant) =>
        this.verdicts.get(mutant)?.kind.startsWith('killed') === true;
      const { mutants } = this.#subjects;
      problems.push(...untrueEntries(this.equivalents, mutants, texts, isKilled));
    }
    const killed = [...this.verdicts].filter(([, { kind }]) => kind === 'killed');
    const sample = pick(killed, this.#options.recheck, seeded(this.#options.seed));
    this.#options.say(`  showing ${sample.length} kills again, from edited source`);
    for (const [mutant, verdict] of sample) {
      problems.push(
        ...(await recheck(mutant, texts.get(mutant.file) ?? '', verdict, this.#options.patienceMs)),
      );
    }
    return problems;
  }
}
