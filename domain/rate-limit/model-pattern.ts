/**
 * Names of models, with `*` for any number of characters: `gpt-4*`, `*-mini`, `*`. Ignores case, as
 * providers do.
 */
export function matchesPattern(pattern: string, model: string): boolean {
  const name = model.toLowerCase();
  const [first = '', ...rest] = pattern.toLowerCase().split('*');
  if (!name.startsWith(first)) return false;
  if (rest.length === 0) return name === first;
  const last = rest.pop() ?? '';
  let at = first.length;
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}
