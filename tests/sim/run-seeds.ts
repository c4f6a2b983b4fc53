/** Plays histories one after another, adds up what happened, and says how a failed one is repeated. */
import { type Figures, simulate } from './simulate.ts';

export type Failure = { seed: number; report: string };

const NOTES_SHOWN = 60;
const PROGRESS_EVERY = 5_000;

export async function runSeeds(options: {
  from: number;
  count: number;
  /** After so many the rest says nothing new. */
  failuresMax: number;
  tells?: boolean;
  say?: (line: string) => void;
}): Promise<{ figures: Figures; failures: Failure[]; seconds: number }> {
  const { from, count, failuresMax, tells = false, say = () => undefined } = options;
  const startedAtMs = performance.now();
  const figures: Figures = { seeds: 0, steps: 0 };
  const failures: Failure[] = [];
  for (let seed = from; seed < from + count && failures.length < failuresMax; seed++) {
    const history = await simulate(seed, tells);
    if (tells) say(history.notes.slice(-NOTES_SHOWN).join('\n'));
    figures['seeds'] = (figures['seeds'] ?? 0) + 1;
    figures['steps'] = (figures['steps'] ?? 0) + history.steps;
    for (const [name, value] of Object.entries(history.figures)) {
      figures[name] = (figures[name] ?? 0) + value;
    }
    if (history.violation !== null) {
      const report = await reportOf(seed);
      failures.push({ seed, report });
      say(report);
    }
    if ((seed - from + 1) % PROGRESS_EVERY === 0) say(`${seed - from + 1} seeds`);
  }
  return { figures, failures, seconds: (performance.now() - startedAtMs) / 1000 };
}

/** Plays it once more, and tells it. */
async function reportOf(seed: number): Promise<string> {
  const { violation, notes } = await simulate(seed, true);
  return [
    `seed ${seed}: ${violation}`,
    `repeat it with: npm run test:sim -- --from ${seed} --seeds 1`,
    ...notes.slice(-NOTES_SHOWN),
  ].join('\n');
}
