/** What became of mutants, kept between runs: a kill holds as long as nothing that it rests on changes. */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './mutant.ts';
import { sourceLine } from './mutant.ts';
import { root } from './subjects.ts';

export type Verdict =
  | { kind: 'killed'; file: string; test: string; said: string }
  /** It never ended, or ended the process. */
  | { kind: 'killed by time' | 'killed by death'; file: string }
  | { kind: 'survived'; tests: number }
  | { kind: 'not reached' };

type Kept = { verdict: Verdict; basis: string };

const FOLDER = join(root, '.mutation');

export function hashOf(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest('hex').slice(0, 16);
}

/** Names mutants so that the names survive changes elsewhere in the file. */
export function namesOf(mutants: readonly Mutant[], texts: ReadonlyMap<string, string>) {
  const counts = new Map<string, number>();
  return new Map(
    mutants.map((mutant) => {
      const { file, operator, original, replacement } = mutant;
      const line = sourceLine(texts.get(file) ?? '', mutant);
      const name = JSON.stringify([file, line, operator, original, replacement]);
      const count = counts.get(name) ?? 0;
      counts.set(name, count + 1);
      return [mutant.id, `${name}#${count}`] as const;
    }),
  );
}

export class Results {
  readonly #path: string;
  readonly #kept: Map<string, Kept>;

  constructor(area: string) {
    mkdirSync(FOLDER, { recursive: true });
    this.#path = join(FOLDER, `${area}.json`);
    this.#kept = new Map(Object.entries(readJson(this.#path)));
  }

  /** @param basis a hash of everything that the verdict rests on */
  get(name: string, basisOf: (verdict: Verdict) => string): Verdict | null {
    const kept = this.#kept.get(name);
    return kept !== undefined && kept.basis === basisOf(kept.verdict) ? kept.verdict : null;
  }

  set(name: string, verdict: Verdict, basis: string): void {
    this.#kept.set(name, { verdict, basis });
  }

  save(): void {
    writeFileSync(this.#path, `${JSON.stringify(Object.fromEntries(this.#kept), null, 1)}\n`);
  }
}

function readJson(path: string): Record<string, Kept> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, Kept>;
  } catch {
    // There was no run yet, or it was ended while it wrote.
    return {};
  }
}
