/** Every kind of export that is recognised; of two that fit, the first. */
import type { BillSource } from './source.ts';
import { anthropicSources } from './sources/anthropic.ts';
import { awsSources } from './sources/aws.ts';
import { gatewaySources } from './sources/gateways.ts';
import { googleSources } from './sources/google.ts';
import { openaiSources } from './sources/openai.ts';
import { totalsSource } from './sources/totals.ts';

export const billSources: readonly BillSource[] = [
  totalsSource,
  ...openaiSources,
  ...anthropicSources,
  ...googleSources,
  ...awsSources,
  ...gatewaySources,
];

/** @param columns as the file has them */
export function recogniseSource(columns: readonly string[]): BillSource | undefined {
  return billSources.find((source) => source.recognises(new Set(columns.map(nameIn(source)))));
}

export function nameIn({ nameOf }: BillSource): (column: string) => string {
  return nameOf ?? ((column) => column);
}

/** @throws Error if there is no such kind */
export function factsOf(name: string): BillSource['facts'] {
  const found = billSources.find(({ facts }) => facts.name === name);
  if (found === undefined) throw new Error(`no kind of export is called ${name}`);
  return found.facts;
}
