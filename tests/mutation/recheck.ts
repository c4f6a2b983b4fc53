/**
 * A kill, shown again the plain way: a fresh process, the source with the mistake written into it
 * and nothing else, the whole test file. What disagrees makes the tool a liar.
 */
import { limitsOf } from './hunt.ts';
import { type Mutant, mutatedText } from './mutant.ts';
import { describe } from './report.ts';
import type { Verdict } from './results.ts';
import { Session } from './session.ts';
import { absolute } from './subjects.ts';

/** @returns what is wrong, if anything */
export async function recheck(
  mutant: Mutant,
  text: string,
  verdict: Verdict,
  patienceMs: number,
): Promise<string[]> {
  if (verdict.kind !== 'killed') return [];
  const session = new Session({ [absolute(mutant.file)]: mutatedText(text, mutant) });
  const problems: string[] = [];
  try {
    const turns = [{ mutant: null, tests: null }];
    const limits = limitsOf({ ms: 0 }, patienceMs);
    await session.run(absolute(verdict.file), turns, limits, (outcome) => {
      if (outcome.kind !== 'passed') return;
      problems.push(`reported as killed, but is not from edited source: ${describe(mutant)}`);
    });
  } finally {
    session.close();
  }
  return problems;
}
