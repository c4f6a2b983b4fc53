/** Every case with what came of it and what is right, as a table. */
import type { AnswerCase } from './answer-case.ts';
import { usageInStreams } from './cases/usage-in-streams.ts';
import { usageObjects } from './cases/usage-objects.ts';
import { usageUnstated } from './cases/usage-unstated.ts';
import { type Observed, openStage } from './stage.ts';

/** A group of cases is a file in `cases/`, and a line here. */
const GROUPS: readonly (readonly AnswerCase[])[] = [usageInStreams, usageObjects, usageUnstated];

export type CaseRow = { name: string; origin: string; observed: string; expected: string };

export async function playCases(): Promise<CaseRow[]> {
  const cases = GROUPS.flat();
  const stage = await openStage(cases);
  try {
    return await Promise.all(
      cases.map(async (played) => {
        const observed = observe(played, await stage.play(played));
        return { name: played.name, origin: played.origin, observed, expected: played.expected };
      }),
    );
  } finally {
    await stage.close();
  }
}

/** @returns the table as lines, each case with `ok` or `WRONG` */
export function linesOf(rows: readonly CaseRow[]): string[] {
  return rows.map(({ name, origin, observed, expected }) => {
    const verdict = observed === expected ? 'ok   ' : 'WRONG';
    return `${verdict} ${name} (${origin})\n      observed ${observed}\n      expected ${expected}`;
  });
}

function observe(played: AnswerCase, { event, status, body }: Observed): string {
  const tokens = [
    ...[event.input_tokens, event.cache_read_tokens, event.cache_write_tokens],
    ...[event.output_tokens, event.reasoning_tokens],
    ...[event.audio_input_tokens, event.audio_output_tokens],
  ];
  const known = event.input_tokens === null ? 'unknown' : tokens.join(' ');
  const cost = event.cost === null ? 'no cost' : event.cost;
  const why = event.error_type === null ? '' : `, ${event.error_type}`;
  return `${event.status}, ${event.usage_source} ${known}, ${cost}${why}; ${clientOf(played, status, body)}`;
}

/** What the client got: all, all but the chunks that the proxy caused, or something else. */
function clientOf(played: AnswerCase, status: number | null, body: Buffer): string {
  if (played.leavesAfterMs !== undefined) return 'left';
  if (status === null) return 'cut';
  const sent = Buffer.concat(played.provider.pieces.map((piece) => Buffer.from(piece)));
  if (body.equals(sent)) return `${status} as sent`;
  const kept = played.provider.pieces.filter(
    (piece) => !/"choices":\[\],"usage":\{/.test(String(piece)),
  );
  const rest = Buffer.concat(kept.map((piece) => Buffer.from(piece)));
  return body.equals(rest) ? `${status} without our chunk` : `${status} ${body.length} other bytes`;
}
