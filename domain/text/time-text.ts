/** Of the second that was last asked for: calls come in order, and a date is expensive to write. */
let second = { startMs: Number.NaN, text: '' };

/**
 * What `Date.prototype.toISOString` writes of an instant: UTC, with milliseconds.
 *
 * @param ms Unix time, whole milliseconds
 * @throws RangeError if there is no such instant
 */
export function timeText(ms: number): string {
  const part = ms % 1000;
  const startMs = part < 0 ? ms - part - 1000 : ms - part;
  if (startMs !== second.startMs) {
    second = { startMs, text: new Date(startMs).toISOString().slice(0, -'000Z'.length) };
  }
  const rest = ms - startMs;
  return `${second.text}${rest < 10 ? '00' : rest < 100 ? '0' : ''}${rest}Z`;
}
