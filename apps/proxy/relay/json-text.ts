/** Reading JSON out of bytes that a provider sent. */

/** Without the byte order mark that some servers begin with (RFC 8259 §8.1 lets a reader ignore it). */
export function jsonText(body: Buffer): string {
  const text = body.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

/**
 * A top-level member of a JSON object, from the kept end of its text; null if it is not there. A
 * member is at the top level if an opening brace put before it gives a whole object.
 */
export function memberInTail(tail: Buffer, name: string): unknown {
  const text = tail.toString('utf8');
  const quoted = JSON.stringify(name);
  for (let at = text.lastIndexOf(quoted); at >= 0; at = text.lastIndexOf(quoted, at - 1)) {
    try {
      const members = JSON.parse(`{${text.slice(at)}`) as Record<string, unknown>;
      return members[name] ?? null;
    } catch {
      // Inside another object, or not a member at all: look further back.
      if (at === 0) return null;
    }
  }
  return null;
}
