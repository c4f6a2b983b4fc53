/** Plays histories one after another, adds up what happened, and says how a failed one is repeated. */
import { type Figures, type History, simulate } from './simulate.ts';

export type Failure = { seed: number; report: string };

/** What came of the histories that were asked for. */
export type Played = {
  asked: number;
  /** Less than were asked for, where too many failed. */
  played: number;
  figures: Figures;
  failures: Failure[];
  seconds: number;
};

const NOTES_SHOWN = 60;
const PROGRESS_EVERY = 5_000;

export async function runSeeds(options: {
  from: number;
  count: number;
  /** After so many the rest says nothing new. */
  failuresMax: number;
  tells?: boolean;
  say?: (line: string) => void;
  play?: (seed: number, tells: boolean) => Promise<History>;
}): Promise<Played> {
  const { from, count, failuresMax, tells = false, say = () => undefined } = options;
  const { play = simulate } = options;
  const startedAtMs = performance.now();
  const figures: Figures = { seeds: 0, steps: 0 };
  const failures: Failure[] = [];
  let played = 0;
  for (let seed = from; played < count && failures.length < failuresMax; seed++) {
    const history = await play(seed, tells);
    played++;
    if (tells) say(history.notes.slice(-NOTES_SHOWN).join('\n'));
    figures['seeds'] = played;
    figures['steps'] = (figures['steps'] ?? 0) + history.steps;
    for (const [name, value] of Object.entries(history.figures)) {
      figures[name] = (figures[name] ?? 0) + value;
    }
    if (history.violation !== null) {
      // Once more, and told.
      const report = reportOf(await play(seed, true));
      failures.push({ seed, report });
      say(report);
    }
    if (played % PROGRESS_EVERY === 0) say(`${played} seeds`);
  }
  const seconds = (performance.now() - startedAtMs) / 1000;
  return { asked: count, played, figures, failures, seconds };
}

/** The last lines of the command: what was not played has not passed. */
export function summaryOf({ asked, played, failures, seconds }: Played): string {
  const missing = asked - played;
  const lines = [
    `${Math.round(played / seconds)} seeds a second`,
    `${played - failures.length} passed, ${failures.length} failed, ${missing} skipped`,
  ];
  if (missing > 0) {
    lines.unshift(`stopped after ${failures.length} failures, with ${played} of ${asked} played`);
  }
  return lines.join('\n');
}

function reportOf({ seed, violation, notes }: History): string {
  return [
    `seed ${seed}: ${violation}`,
    `repeat it with: npm run test:sim -- --from ${seed} --seeds 1`,
    ...notes.slice(-NOTES_SHOWN),
  ].join('\n');
}
