/**
 * How well requests are told apart by how hard they are, and what that saves, on generated prompts whose
 * labels are known (`prompts.ts`). docs/routing.md has the figures, and says what they do not show.
 */
import { parseArgs } from 'node:util';
import {
  complexityOf,
  DEFAULT_COMPLEXITY_THRESHOLD,
} from '@tollgate/domain/routing/complexity/complexity.ts';
import { judgedAnswers } from './answers.ts';
import { fittedWeights } from './fit.ts';
import { byKind, type Figures, leaveOneKindOut, outcomesOf, summaryOf } from './outcomes.ts';
import { promptsOf } from './prompts.ts';

export const routingBenchUsage = `  routing [--fit] [--per-kind 200] [--seed 1]
      The complexity router on prompts with known labels: accuracy, savings against the expensive model
      alone, regret against an oracle. --fit prints the weights that its prompts lead to.
`;

const THRESHOLDS = [0.1, 0.2, DEFAULT_COMPLEXITY_THRESHOLD, 0.4, 0.5, 0.6, 0.8];

export async function benchRouting(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      fit: { type: 'boolean', default: false },
      'per-kind': { type: 'string', default: '200' },
      seed: { type: 'string', default: '1' },
    },
  });
  if (values.fit) {
    console.log(JSON.stringify(fittedWeights(), null, 2));
    return;
  }
  const [perKind, seed] = [Number(values['per-kind']), Number(values.seed)];
  for (const set of ['fitted', 'held-out'] as const) {
    const scored = promptsOf(set, perKind, seed).map((labelled) => ({
      ...labelled,
      score: complexityOf(labelled.prompt).score,
    }));
    console.log(`\n${set}: ${scored.length} prompts of ${scored.length / perKind} kinds\n`);
    console.log(HEAD);
    for (const threshold of THRESHOLDS) {
      console.log(row(`complexity, threshold ${threshold}`, summaryOf(scored, threshold)));
    }
    for (const [name, figures] of outcomesOf(scored)) console.log(row(name, figures));
    console.log(`\nright at ${DEFAULT_COMPLEXITY_THRESHOLD}, by kind:`);
    for (const [kind, share] of byKind(scored, DEFAULT_COMPLEXITY_THRESHOLD)) {
      console.log(`  ${percent(share).padStart(7)}  ${kind}`);
    }
  }
  console.log(
    `\nfitted, each kind by weights that were found without it: ${percent(leaveOneKindOut())}`,
  );
  console.log(`\n${judgedAnswers()}`);
}

const HEAD = `| Router | Right | Hard sent to the cheap model | Answered well | Cost | Saved | Regret |
|---|---|---|---|---|---|---|`;

function row(name: string, { right, missed, well, cost, saved, regret }: Figures): string {
  const cells = [percent(right), percent(missed), percent(well), cost.toFixed(2), percent(saved)];
  return `| ${[name, ...cells, regret.toFixed(3)].join(' | ')} |`;
}

function percent(share: number): string {
  return Number.isNaN(share) ? '' : `${(100 * share).toFixed(1)} %`;
}
