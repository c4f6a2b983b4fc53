/**
 * What is kept of a call that stated an `Idempotency-Key`: what its client got, or would have got. One
 * line of JSON, and the body's bytes as they were.
 */

/** Of an answer that cannot be given again, there is none. */
export type AnswerRecord = {
  status: number;
  headers: Readonly<Record<string, string | string[]>>;
  body: Buffer;
};

const LINE_FEED = 10;
const NOT_KEPT = Buffer.from('{"kept":false}\n');

/** @param record null: the call was sent, and its answer cannot be given again */
export function writeRecord(record: AnswerRecord | null): Buffer {
  if (record === null) return NOT_KEPT;
  const { status, headers, body } = record;
  return Buffer.concat([Buffer.from(`${JSON.stringify({ kept: true, status, headers })}\n`), body]);
}

/** @returns null: there is none, or what a later version wrote */
export function readRecord(bytes: Uint8Array): AnswerRecord | null {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = buffer.indexOf(LINE_FEED);
  if (end === -1) return null;
  const head = JSON.parse(buffer.toString('utf8', 0, end)) as { kept?: unknown } & AnswerRecord;
  if (head.kept !== true) return null;
  return { status: head.status, headers: head.headers, body: buffer.subarray(end + 1) };
}
