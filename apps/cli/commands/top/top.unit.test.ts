import { describe, expect, it } from 'vitest';
import { painter } from '../../output/colours.ts';
import { INTERRUPTED, runCommandLine } from '../../run.ts';
import type { UsageRow } from '../usage/usage-query.ts';
import { Pace } from './pace.ts';

const row = (cost: string) => ({ cost }) as UsageRow;

describe('the pace', () => {
  it('is what was spent since the first look of the last half minute, the fastest first', () => {
    const pace = new Pace();
    const look = (a: string, b: string, atMs: number) =>
      pace
        .look(
          [
            { name: 'a', row: row(a) },
            { name: 'b', row: row(b) },
          ],
          atMs,
        )
        .map(({ name, perMinuteUsd }) => [name, perMinuteUsd]);
    expect(look('5', '1', 0)).toEqual([
      ['a', null],
      ['b', null],
    ]);
    expect(look('5.5', '2', 15_000)).toEqual([
      ['b', 4],
      ['a', 2],
    ]);
    expect(look('5.5', '2', 60_000)).toEqual([
      ['a', null],
      ['b', null],
    ]);
  });

  it('of who was not there before counts from nothing, and is never below it', () => {
    const pace = new Pace();
    pace.look([{ name: 'a', row: row('3') }], 0);
    const after = pace.look(
      [
        { name: 'a', row: row('1') },
        { name: 'b', row: row('2') },
      ],
      30_000,
    );
    expect(after.map(({ name, perMinuteUsd }) => [name, perMinuteUsd])).toEqual([
      ['b', 4],
      ['a', 0],
    ]);
  });
});

it('Ctrl-C leaves the terminal as it was: the cursor shown, and what was there before', async () => {
  const interrupted = new AbortController();
  let written = '';
  const sink = {
    ...{ isTerminal: true, width: 40, height: 6, paint: painter(false) },
    write(text: string) {
      written += text;
      if (text.includes('acme')) interrupted.abort();
    },
    drained: async () => undefined,
  };
  const usage = { events: 1, refusals: 0, input_tokens: 1, output_tokens: 1, reasoning_tokens: 0 };
  const data = Array.from({ length: 9 }, () => ({
    ...usage,
    customer_id: 'acme',
    cost: '1.000000000000',
  }));
  const code = await runCommandLine(['top'], {
    environment: { TOLLGATE_API_URL: 'http://x', TOLLGATE_ADMIN_TOKEN: 't', TZ: 'UTC' },
    streams: { out: sink, err: sink },
    signal: interrupted.signal,
    fetch: (async () => Response.json({ data })) as unknown as typeof fetch,
  });
  expect([0, INTERRUPTED]).toContain(code);
  expect(written.startsWith('\u001b[?1049h\u001b[?25l')).toBe(true);
  expect(written.endsWith('\u001b[?25h\u001b[?1049l')).toBe(true);
  const screen = written.slice(0, written.lastIndexOf('\u001b[?25h'));
  expect(screen.split('\n').length).toBeLessThanOrEqual(6);
});
