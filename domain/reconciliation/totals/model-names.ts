/**
 * The same model has a name in the request, one in the answer, and one on the bill: a dated snapshot,
 * a deployment's alias, a name with its seller or its region. Names are matched from the surest to the
 * least sure way, and what none of them matches is listed, never guessed.
 */

/** Sellers and regions in front of a name. */
const PREFIXES = [
  /^(?:us|eu|apac|jp|au|global)\.(?=[a-z])/,
  /^[a-z0-9_-]+\//,
  /^(?:anthropic|amazon|meta|mistral|cohere|deepseek|qwen|openai)\./,
  /^(?:models|publishers)[/.]/,
];
/** Snapshots, versions and variants behind it. */
const SUFFIXES = [
  /[-@]20\d{2}-?\d{2}-?\d{2}$/,
  /-v\d+(?::\d+)?$/,
  /:(?:free|nitro|floor|extended|thinking|online|\d+)$/,
  /-latest$/,
  /-\d{3}$/,
];

/** A name without what differs between a request and a bill. */
export function baseModelName(name: string): string {
  let base = name.trim().toLowerCase().replaceAll(/\s+/g, '-');
  for (let before = ''; before !== base; ) {
    before = base;
    for (const prefix of PREFIXES) base = base.replace(prefix, '');
    for (const suffix of SUFFIXES) {
      const shorter = base.replace(suffix, '');
      if (shorter !== '') base = shorter;
    }
  }
  return base;
}

export type OurNames = { served: string | null; asked: string | null };

/**
 * Finds the name on the bill for names of ours.
 *
 * @param theirs every name on the bill
 * @param aliases from a name on the bill to one of ours, stated by the operator
 */
export function modelNameFinder(
  theirs: readonly string[],
  aliases: Readonly<Record<string, string>>,
): (ours: OurNames) => string | null {
  const exact = new Map(theirs.map((name) => [name.toLowerCase(), name]));
  const stated = new Map(
    Object.entries(aliases).map(([bill, own]) => [
      own.toLowerCase(),
      exact.get(bill.toLowerCase()),
    ]),
  );
  const byBase = new Map<string, string[]>();
  for (const name of theirs) {
    const base = baseModelName(name);
    byBase.set(base, [...(byBase.get(base) ?? []), name]);
  }
  return ({ served, asked }) => {
    const names = [served, asked].filter((name) => name !== null);
    for (const find of [stated, exact]) {
      for (const name of names) {
        const found = find.get(name.toLowerCase());
        if (found !== undefined) return found;
      }
    }
    for (const name of names) {
      const like = byBase.get(baseModelName(name));
      // Two snapshots on the bill, and the call names neither: nobody can tell which it was.
      if (like?.length === 1) return like[0] ?? null;
    }
    return null;
  };
}
