/**
 * Result files: raw figures with the machine's facts, one per run, and the comparison with an
 * earlier one. Every benchmark ends with one line of `name=value` pairs for scripts to read.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Machine, machine } from './machine.ts';
import { rounded } from './stats.ts';

export type Result = {
  bench: string;
  at: string;
  machine: Machine;
  options: object;
  raw: unknown;
  summary: Record<string, number>;
};

const FOLDER = fileURLToPath(new URL('../results', import.meta.url));

/** @param compareWith path of an earlier result file of the same benchmark */
export function report(
  bench: string,
  options: object,
  raw: unknown,
  summary: Record<string, number>,
  compareWith: string | undefined,
): void {
  const at = new Date().toISOString();
  const result: Result = { bench, at, machine: machine(), options, raw, summary };
  mkdirSync(FOLDER, { recursive: true });
  const file = join(FOLDER, `${bench}-${at.replaceAll(':', '').slice(0, 17)}.json`);
  writeFileSync(file, `${JSON.stringify(result, null, 1)}\n`);
  console.log(`Raw figures: bench/results/${file.split('/').at(-1)}`);
  if (compareWith !== undefined) compare(result, compareWith);
  const pairs = Object.entries(summary).map(([name, value]) => `${name}=${rounded(value, 4)}`);
  console.log(pairs.join(' '));
}

function compare(now: Result, file: string): void {
  const earlier = JSON.parse(readFileSync(file, 'utf8')) as Result;
  if (earlier.bench !== now.bench) throw new Error(`${file} is a result of ${earlier.bench}`);
  console.log(`Against ${earlier.at} (commit ${earlier.machine.commit}):`);
  for (const [name, value] of Object.entries(now.summary)) {
    const before = earlier.summary[name];
    if (before === undefined) continue;
    console.log(`  ${name}: ${rounded(before)} -> ${rounded(value)} (x${rounded(value / before)})`);
  }
}
