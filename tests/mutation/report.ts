/** What a run found, for people. */
import { readFileSync } from 'node:fs';
import { type Equivalents, equivalentOf } from './equivalents.ts';
import type { Mutant } from './mutant.ts';
import type { Verdict } from './results.ts';
import { absolute } from './subjects.ts';

const SHOWN_LENGTH_MAX = 100;

function short(text: string): string {
  const flat = text.replaceAll(/\s+/g, ' ');
  return flat.length <= SHOWN_LENGTH_MAX ? flat : `${flat.slice(0, SHOWN_LENGTH_MAX)}…`;
}

/** On one line: place, operator, what is there and what would be there. */
export function describe({ file, line, operator, original, replacement }: Mutant): string {
  return `${file}:${line} [${operator}] ${short(original)} → ${short(replacement)}`;
}

type Found = {
  mutants: readonly Mutant[];
  verdicts: ReadonlyMap<Mutant, Verdict>;
  equivalents: Equivalents;
  killedMin: number;
  /** Not the whole area: its threshold says nothing. */
  partly: boolean;
};

export function reportOf(name: string, found: Found) {
  const { mutants, verdicts, equivalents, killedMin, partly } = found;
  const of = (prefix: string) =>
    mutants.filter((mutant) => (verdicts.get(mutant)?.kind ?? 'not reached').startsWith(prefix));
  const killed = of('killed');
  const texts = new Map<string, string>();
  const alive = [...of('survived'), ...of('not reached')].sort((a, b) => a.id - b.id);
  const excused = alive.filter((mutant) => {
    const text = texts.get(mutant.file) ?? readFileSync(absolute(mutant.file), 'utf8');
    texts.set(mutant.file, text);
    return equivalentOf(equivalents, mutant, text) !== null;
  });
  const survivors = alive.filter((mutant) => !excused.includes(mutant));
  const counted = killed.length + survivors.length;
  const share = counted === 0 ? 100 : (killed.length / counted) * 100;
  const lines = survivors.map((mutant) => {
    const unreached = verdicts.get(mutant)?.kind !== 'survived';
    return `  survived${unreached ? ', no test reaches it' : ''}: ${describe(mutant)}`;
  });
  const ended = of('killed by').length;
  lines.push(
    `${name}: ${killed.length} of ${counted} killed (${share.toFixed(1)} %, ` +
      `${ended} of them by time), ${excused.length} equivalent`,
  );
  const problems: string[] = [];
  if (!partly && share < killedMin) {
    problems.push(`${name}: ${share.toFixed(1)} % killed, at least ${killedMin} % are asked for`);
  }
  const counts = { killed: killed.length, survived: survivors.length, equivalent: excused.length };
  return { ...counts, lines, problems };
}
