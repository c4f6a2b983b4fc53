/**
 * What a way of routing comes to. The labels are known; how often a model answers well is an assumption,
 * and so is what it costs: both are here, so that they can be changed and the table printed again.
 */
import { scoreOf } from '@tollgate/domain/routing/complexity/complexity.ts';
import { featuresOf } from '@tollgate/domain/routing/complexity/features.ts';
import { fittedPrompts, regress } from './fit.ts';
import type { LabelledPrompt } from './prompts.ts';

export type Scored = LabelledPrompt & { score: number };

export type Figures = {
  /** Of prompts: hard ones sent to the expensive model, easy ones to the cheap one. NaN: it does not choose. */
  right: number;
  /** Of hard prompts. */
  missed: number;
  /** Of prompts, expected. */
  well: number;
  /** Of a call, expected; that of the expensive model is 1. */
  cost: number;
  /** Against the expensive model alone. */
  saved: number;
  /** Of a call: what it costs more than the oracle, and what it answers worse. */
  regret: number;
};

/** Of a call; as far apart as the small and the large models of the providers are (a twelfth to a twentieth). */
const COST = { small: 1 / 15, large: 1 };
/** How often each answers well. Assumed. */
const WELL = { small: { easy: 0.97, hard: 0.35 }, large: { easy: 0.99, hard: 0.9 } };
/**
 * Of answers of the cheap model that are not good: those that say so themselves (refused, cut off, no JSON,
 * against their schema). Assumed: nobody can see the others without knowing the answer.
 */
const SHOWN_SHARES = [0.1, 0.3, 0.6];
/** What an answer that is not good costs, in calls of the expensive model: what regret weighs quality by. */
const BAD_ANSWER = 10;

type Sent = { cost: number; well: number };
type Model = keyof typeof COST;

const answeredBy = (model: Model, hard: boolean): Sent => ({
  ...{ cost: COST[model], well: WELL[model][hard ? 'hard' : 'easy'] },
});

/** Knows the label, and sends a prompt where a good answer costs least. */
function oracle(hard: boolean): Sent {
  const both = [answeredBy('small', hard), answeredBy('large', hard)] as const;
  return loss(both[0]) <= loss(both[1]) ? both[0] : both[1];
}

const loss = ({ cost, well }: Sent) => cost + BAD_ANSWER * (1 - well);

/** The cheap model first; what shows that it is not good is asked of the expensive one too. */
function cascade(hard: boolean, shown: number): Sent {
  const [first, second] = [answeredBy('small', hard), answeredBy('large', hard)];
  const again = (1 - first.well) * shown;
  return { cost: first.cost + again * second.cost, well: first.well + again * second.well };
}

export function summaryOf(prompts: readonly Scored[], threshold: number): Figures {
  const isLarge = ({ score }: Scored) => score >= threshold;
  const sent = prompts.map((one) => answeredBy(isLarge(one) ? 'large' : 'small', one.hard));
  const hard = prompts.filter((one) => one.hard);
  return {
    ...figuresOf(prompts, sent),
    right: prompts.filter((one) => isLarge(one) === one.hard).length / prompts.length,
    missed: hard.filter((one) => !isLarge(one)).length / hard.length,
  };
}

/** Of what the router is compared with. */
export function outcomesOf(prompts: readonly Scored[]): [string, Figures][] {
  const each = (send: (hard: boolean) => Sent) =>
    figuresOf(
      prompts,
      prompts.map(({ hard }) => send(hard)),
    );
  return [
    ['the cheap model alone', each((hard) => answeredBy('small', hard))],
    ['the expensive model alone', each((hard) => answeredBy('large', hard))],
    ...SHOWN_SHARES.map((shown): [string, Figures] => [
      `cascade, ${100 * shown} % of bad answers show it`,
      each((hard) => cascade(hard, shown)),
    ]),
    ['oracle', each(oracle)],
  ];
}

function figuresOf(prompts: readonly Scored[], sent: readonly Sent[]): Figures {
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  const cost = mean(sent.map((one) => one.cost));
  const best = mean(prompts.map(({ hard }) => loss(oracle(hard))));
  return {
    ...{ right: Number.NaN, missed: Number.NaN, well: mean(sent.map(({ well }) => well)), cost },
    ...{ saved: 1 - cost / COST.large, regret: mean(sent.map(loss)) - best },
  };
}

export function byKind(prompts: readonly Scored[], threshold: number): [string, number][] {
  const kinds = [...new Set(prompts.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const of = prompts.filter((one) => one.kind === kind);
    const right = of.filter(({ score, hard }) => score >= threshold === hard).length;
    return [`${of[0]?.hard === true ? 'hard' : 'easy'}: ${kind}`, right / of.length];
  });
}

/** Of prompts of kinds that the weights had never seen, in the words of those whom they were found on. */
export function leaveOneKindOut(): number {
  const all = fittedPrompts();
  let right = 0;
  for (const kind of new Set(all.map((one) => one.kind))) {
    const weights = regress(all.filter((one) => one.kind !== kind));
    for (const { prompt, hard } of all.filter((one) => one.kind === kind)) {
      if (scoreOf(featuresOf(prompt), weights) >= 0.5 === hard) right++;
    }
  }
  return right / all.length;
}
