/**
 * Prompts with known labels, made from templates: easy ones ask for what is known, for a small change of a text
 * that is given, or for one step; hard ones for several steps that depend on each other, for expert
 * knowledge that has to be applied, or for many rules at once. The label is the template's, so it is known and
 * not judged. `fitted` templates are what weights are found on; `held-out` ones are of other kinds, in other
 * words, and nothing was fitted on them.
 */
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import type { Template } from './template.ts';
import { FITTED } from './templates-fitted.ts';
import { HELD_OUT } from './templates-held-out.ts';

export type LabelledPrompt = { kind: string; hard: boolean; prompt: Prompt };

export type PromptSet = 'fitted' | 'held-out';

const SETS: Readonly<Record<PromptSet, readonly Template[]>> = {
  fitted: FITTED,
  'held-out': HELD_OUT,
};

/** As many of each kind, so that no kind counts for more than another. */
export function promptsOf(set: PromptSet, perKind: number, seed: number): LabelledPrompt[] {
  const random = seeded(seed);
  return SETS[set].flatMap((template) =>
    Array.from({ length: perKind }, () => promptOf(template, random)),
  );
}

function promptOf(template: Template, random: () => number): LabelledPrompt {
  const { kind, hard, texts, turns = [1], tools = [0] } = template;
  const text = filled(pick(texts, random), random);
  return {
    kind,
    hard,
    prompt: { text, turns: pick(turns, random), tools: pick(tools, random) },
  };
}

function filled(text: string, random: () => number): string {
  return text.replace(/\{(\w+)\}/g, (_, slot: string) => {
    if (slot === 'n') return String(2 + Math.floor(random() * 98));
    if (slot === 'big') return String(1_000 + Math.floor(random() * 99_000));
    if (slot === 'passage') return passage(2 + Math.floor(random() * 4), random);
    if (slot === 'article') return passage(12 + Math.floor(random() * 30), random);
    const values = SLOTS[slot];
    if (values === undefined) throw new Error(`no slot ${slot}`);
    return pick(values, random);
  });
}

function passage(sentences: number, random: () => number): string {
  return Array.from({ length: sentences }, () => filled(pick(SENTENCES, random), random)).join(' ');
}

const SLOTS: Readonly<Record<string, readonly string[]>> = {
  country: ['France', 'Kenya', 'Peru', 'Norway', 'Vietnam', 'Portugal', 'Canada', 'Ghana', 'Nepal'],
  language: ['French', 'Spanish', 'German', 'Italian', 'Polish', 'Japanese', 'Swahili', 'Dutch'],
  word: ['bright', 'house', 'ancient', 'happy', 'river', 'quick', 'gentle', 'brave', 'silent'],
  name: ['Anna', 'Omar', 'Li', 'Sofia', 'Kofi', 'Ravi', 'Elena', 'Tom', 'Ingrid', 'Yusuf'],
  city: ['Lyon', 'Nairobi', 'Osaka', 'Bergen', 'Lima', 'Porto', 'Quito', 'Accra', 'Leeds'],
  thing: ['bicycle', 'kettle', 'lamp', 'backpack', 'blanket', 'notebook', 'camera', 'umbrella'],
  animal: ['otter', 'falcon', 'tortoise', 'dolphin', 'fox', 'owl', 'penguin', 'horse'],
  food: ['lentil soup', 'pancakes', 'rice', 'an omelette', 'flatbread', 'tomato salad'],
  language_code: ['Python', 'Rust', 'Go', 'TypeScript', 'Java', 'C++', 'Kotlin'],
  system: [
    'ticketing system',
    'chat service',
    'payment ledger',
    'ride-hailing backend',
    'search index',
  ],
  field: ['oncology', 'contract law', 'monetary policy', 'organic chemistry', 'fluid dynamics'],
  month: ['January', 'March', 'June', 'August', 'October', 'December'],
};

const SENTENCES: readonly string[] = [
  'The market in {city} opened early, and people came for bread and fruit.',
  '{name} bought a {thing} last {month} and has used it nearly every day since.',
  'We stayed for {n} nights, the room was clean and the staff were kind.',
  'Trains to {city} were late again because of the snow on the line.',
  'The {animal} was seen near the bridge on two evenings in a row.',
  'Our parcel came after {n} days, and the box was a little damaged.',
  '{name} said that the meeting went well and that the team would meet again in {month}.',
  'Tickets cost {n} euros for adults, and children go in free.',
  'The old school by the river will become a library with a small café.',
  'Many visitors asked for {food}, which was sold out before noon.',
];

function pick<T>(values: readonly T[], random: () => number): T {
  return values[Math.floor(random() * values.length)] as T;
}

/** Mulberry32 (public domain, Tommy Ettinger). */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
