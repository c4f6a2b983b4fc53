/** The fields of a `multipart/form-data` body: how the client sends parameters that are too long. */

const BREAK = '\r\n';

/** @returns undefined if the body is something else */
export function multipartFields(
  contentType: string,
  body: Buffer,
): Map<string, string> | undefined {
  const boundary = /^multipart\/form-data; boundary=(\S+)$/.exec(contentType)?.[1];
  if (boundary === undefined) return undefined;
  const fields = new Map<string, string>();
  const parts = `${BREAK}${body.toString()}`.split(`${BREAK}--${boundary}`);
  for (const part of parts) {
    const at = part.indexOf(BREAK + BREAK);
    const name = /name="([^"]*)"/.exec(part.slice(0, Math.max(at, 0)))?.[1];
    if (name !== undefined) fields.set(name, part.slice(at + 2 * BREAK.length));
  }
  return fields;
}
