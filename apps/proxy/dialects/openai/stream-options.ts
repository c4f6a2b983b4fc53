/** What a request asks of its stream: the chunk that states the usage. */
import { type Edit, memberEdit, memberOf, scanJson } from '../../relay/json-scan.ts';
import type { FactsRead } from '../dialect.ts';
import { isSpellingOf, type JsonBody } from './json-body.ts';

const OPTIONS = new Set(['include_usage']);

/**
 * A name that `stream_options` has twice, or in two spellings: a parser that takes the other one sends
 * no usage (or sends a client what it did not ask for).
 */
export function optionNamedTwice({ bytes, scan }: JsonBody): FactsRead | undefined {
  const member = memberOf(scan, 'stream_options');
  if (member === undefined) return undefined;
  const options = bytes.subarray(member.start, member.end);
  const seen = new Set<string>();
  for (const { name } of scanJson(options, options.toString()).members) {
    const isTwice = seen.has(name) || isSpellingOf(name, OPTIONS);
    if (isTwice) {
      return { ok: false, refusal: { code: 'ambiguous_json', param: `stream_options.${name}` } };
    }
    seen.add(name);
  }
  return undefined;
}

/** Asks for the chunk that states the usage; a client that did not ask must not get it. */
export function usageChunk({ bytes, scan }: JsonBody): Edit {
  const member = memberOf(scan, 'stream_options');
  const given: unknown =
    member === undefined ? null : JSON.parse(bytes.toString('utf8', member.start, member.end));
  const options = JSON.stringify({ ...(given as object | null), include_usage: true });
  return memberEdit(bytes, scan, 'stream_options', options);
}
