/** Reading JSON out of bytes that a provider sent. */

/** Without the byte order mark that some servers begin with (RFC 8259 §8.1 lets a reader ignore it). */
export function jsonText(body: Buffer): string {
  const text = body.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
