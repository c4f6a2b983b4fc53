/** Patterns of model names in lists and limits: `*` is any text, all else is itself. */

/** Ignores case, as providers do. Matches whole names. */
export function globMatcher(pattern: string): (name: string) => boolean {
  const parts = pattern.toLowerCase().split('*');
  return (name) => matches(parts, name.toLowerCase());
}

/** Linear: the first place that fits is always good enough for all but the last part. */
function matches(parts: readonly string[], name: string): boolean {
  const first = parts[0] as string;
  if (parts.length === 1) return name === first;
  const last = parts.at(-1) as string;
  const endsAt = name.length - last.length;
  if (endsAt < first.length || !name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0 || found + part.length > endsAt) return false;
    at = found + part.length;
  }
  return true;
}
