/** An attack by name: what is sent, and what must come back. */
import type { AttackedHouse } from './product/attacked-house.ts';

/** What the attack is about, as SECURITY.md and its tests count it. */
export type Item = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10;

export type Attack = {
  name: string;
  item: Item;
  /** In words, for the table. */
  sent: string;
  /** One of these must come back, or nothing else counts. */
  expected: readonly string[];
  /** @returns what came back */
  run(house: AttackedHouse): Promise<string>;
};

/** Attacks that are carried out one after another, while the honest tenant is watched. */
export type AttackGroup = {
  name: string;
  kind: 'http' | 'sql' | 'body' | 'process';
  attacks: readonly Attack[];
};

export type Verdict = { attack: Attack; answer: string; passed: boolean; ms: number };

/** An attack that takes longer hangs, and what hangs has succeeded, ms. */
const ATTACK_TIMEOUT_MS = 90_000;

export async function carryOut(attack: Attack, house: AttackedHouse): Promise<Verdict> {
  const startedAtMs = performance.now();
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve('no answer in time'), ATTACK_TIMEOUT_MS);
  const answer = await Promise.race([attack.run(house), late.promise]).catch(
    (error: Error) => `failed: ${error.message}`,
  );
  clearTimeout(timer);
  const passed = attack.expected.includes(answer);
  return { attack, answer, passed, ms: performance.now() - startedAtMs };
}
