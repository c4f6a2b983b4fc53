/** Compares two JSON answers by the names of their members and the types of these. */

/** Maps whose keys are the caller's, and the object of an event, which is of any kind. */
const FREE: ReadonlySet<string> = new Set(['metadata', 'object', 'payload']);

/** Each difference as one line; `null` fits any type, and of lists the first elements are compared. */
export function shapeDifferences(ours: unknown, theirs: unknown, path = ''): string[] {
  if (ours === null || ours === undefined || theirs === null || theirs === undefined) return [];
  const [mine, their] = [typeOf(ours), typeOf(theirs)];
  if (mine !== their) return [`${path}: ${mine} here, ${their} there`];
  if (Array.isArray(ours) && Array.isArray(theirs)) {
    return shapeDifferences(ours[0], theirs[0], `${path}[]`);
  }
  if (mine !== 'object') return [];
  const [here, there] = [ours as Record<string, unknown>, theirs as Record<string, unknown>];
  return [...new Set([...Object.keys(here), ...Object.keys(there)])].flatMap((name) => {
    const member = path === '' ? name : `${path}.${name}`;
    if (!Object.hasOwn(there, name)) return [`${member}: only here`];
    if (!Object.hasOwn(here, name)) return [`${member}: only there`];
    return FREE.has(name) ? [] : shapeDifferences(here[name], there[name], member);
  });
}

function typeOf(value: unknown): string {
  return Array.isArray(value) ? 'list' : typeof value;
}
