/** The stretch of time that a report is about: `--in` one span, or `--from` and `--until`. */
import type { CommandContext, Option } from '../command.ts';
import { UsageError } from '../errors.ts';
import { parseSpan, parseTime, type Span } from './time.ts';

export const rangeOptions = {
  in: { type: 'string', value: 'SPAN', help: 'a month, day or year, as 2026-11 or yesterday' },
  from: { type: 'string', value: 'TIME', help: 'first instant, as 2026-11-01 or "2h ago"' },
  until: { type: 'string', value: 'TIME', help: 'first instant that is left out' },
} as const satisfies Record<string, Option>;

export type Range = Span & { timeZone: string };

/**
 * @param usual what is meant where nothing is stated
 * @throws UsageError
 */
export async function rangeOf(
  { values, clock, timeZone: zoneOf }: Pick<CommandContext, 'values' | 'clock' | 'timeZone'>,
  usual: string,
): Promise<Range> {
  const timeZone = await zoneOf();
  const context = { nowMs: clock(), timeZone };
  const { in: span, from, until } = values as Record<string, string | undefined>;
  if (span !== undefined && (from !== undefined || until !== undefined)) {
    throw new UsageError('--in is a whole span: leave out --from and --until.');
  }
  if (from === undefined && until === undefined) {
    const found = parseSpan('--in', span ?? usual, context);
    if (found.startMs < found.endMs) return { ...found, timeZone };
    throw new UsageError(`--in: ${span} is an instant: write --from "${span}".`);
  }
  if (from === undefined) throw new UsageError('--until needs --from: where does it begin?');
  const startMs = parseTime('--from', from, context);
  const endMs = until === undefined ? context.nowMs : parseTime('--until', until, context);
  if (startMs >= endMs) {
    throw new UsageError(
      until === undefined
        ? `--from: ${from} is ahead.`
        : `--from ${from} is not before --until ${until}.`,
    );
  }
  return { startMs, endMs, timeZone };
}
