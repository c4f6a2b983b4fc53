/**
 * The records of an export: flat, every value the text that the file has. JSON numbers keep their
 * digits, so that money never goes through a float.
 */

export type FlatRecord = {
  /** Of the file, from 1; of JSON that is one document, which record. */
  line: number;
  fields: Readonly<Record<string, string>>;
};

/** JSON with each number as its text. @throws SyntaxError */
export function parseExact(text: string): unknown {
  const asText = (_key: string, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? (context?.source ?? String(value)) : value;
  return JSON.parse(text, asText as (key: string, value: unknown) => unknown);
}

/** Deeper than any export that is known; what is below is one text. */
const DEPTH_MAX = 4;

/** Nested members are joined by a dot; a list is its JSON text, for nobody reads one. */
function flatten(value: object): Record<string, string> {
  const fields: Record<string, string> = {};
  const visit = (node: object, prefix: string, depth: number): void => {
    for (const [name, member] of Object.entries(node)) {
      const path = prefix + name;
      if (member === null || member === undefined) fields[path] = '';
      else if (typeof member !== 'object') fields[path] = String(member);
      else if (Array.isArray(member) || depth === DEPTH_MAX) fields[path] = JSON.stringify(member);
      else visit(member as object, `${path}.`, depth + 1);
    }
  };
  visit(value, '', 1);
  return fields;
}

/**
 * The records of a parsed JSON document: a list, `{data: […]}`, or pages of time buckets whose results
 * get the bucket's times. A bucket without results is a record too: nothing was used in it.
 */
export function recordsOf(document: unknown): Record<string, string>[] {
  if (Array.isArray(document)) return document.flatMap((one) => recordsOf(one));
  if (typeof document !== 'object' || document === null) return [];
  const { data, results, rows, keys } = document as Record<string, unknown>;
  if (Array.isArray(data)) return data.flatMap((one) => recordsOf(one));
  if (Array.isArray(rows)) return rows.flatMap((one) => recordsOf(one));
  if (Array.isArray(keys)) return keys.flatMap((one) => recordsOf(one));
  if (!Array.isArray(results)) return [flatten(document)];
  const { results: _, ...bucket } = document as Record<string, unknown>;
  const times = flatten(bucket);
  if (results.length === 0) return [times];
  return results.map((one) => ({ ...times, ...flatten(one as object) }));
}
