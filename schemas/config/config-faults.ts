/** What is wrong with a configuration, in words that say what to write instead. */
import type { z } from 'zod';

export type ConfigFault = { path: PropertyKey[]; message: string };

type Issue = z.core.$ZodIssue;

/** @param schema what was parsed by, for the fields that exist where an unknown one was written */
export function faultsOf(schema: z.ZodType, given: unknown, issues: readonly Issue[]) {
  return issues.flatMap((issue) => faults(schema, given, issue));
}

function faults(schema: z.ZodType, given: unknown, issue: Issue): ConfigFault[] {
  const { path } = issue;
  if (issue.code === 'unrecognized_keys') {
    const known = fieldsAt(schema, path);
    return issue.keys.map((key) => ({ path: [...path, key], message: unknownField(key, known) }));
  }
  if (issue.code === 'invalid_key') {
    return [{ path, message: `as a name: ${issue.issues[0]?.message ?? issue.message}` }];
  }
  if (issue.code === 'invalid_type' && valueAt(given, path) === undefined) {
    return [{ path, message: 'is missing' }];
  }
  return [{ path, message: issue.message }];
}

function unknownField(key: string, known: readonly string[]): string {
  const near = nearest(key, known);
  if (near !== undefined) return `there is no such field; did you mean ${near}?`;
  return `there is no such field here${known.length > 0 ? `; there are ${known.join(', ')}` : ''}`;
}

/** The field that differs least, if it is by a slip of the hand. */
function nearest(key: string, known: readonly string[]): string | undefined {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[-_ ]/g, '');
  const [best] = known
    .map((field) => ({ field, distance: distance(plain(key), plain(field)) }))
    .sort((a, b) => a.distance - b.distance);
  if (best === undefined) return undefined;
  return best.distance <= Math.max(1, Math.floor(best.field.length / 3)) ? best.field : undefined;
}

/** Levenshtein's: insertions, deletions and replacements. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}

function valueAt(given: unknown, path: readonly PropertyKey[]): unknown {
  let value = given;
  for (const key of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

/** As far as the schema's own types go: objects, records, lists, and what wraps them. */
type Def = {
  type: string;
  shape?: Record<string, { def: Def }>;
  innerType?: { def: Def };
  valueType?: { def: Def };
  element?: { def: Def };
  in?: { def: Def };
};

function fieldsAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let def: Def | undefined = unwrapped(schema.def as unknown as Def);
  for (const key of path) {
    const next: { def: Def } | undefined =
      def?.shape?.[String(key)] ?? def?.valueType ?? def?.element;
    def = unwrapped(next?.def);
  }
  return Object.keys(def?.shape ?? {});
}

function unwrapped(def: Def | undefined): Def | undefined {
  let inner = def;
  while (inner?.innerType !== undefined || inner?.in !== undefined) {
    inner = (inner.innerType ?? inner.in)?.def;
  }
  return inner;
}
