import { beforeEach, describe, expect, it } from 'vitest';
import { type Links, signedLinks } from './links.ts';

const clock = { nowMs: Date.UTC(2026, 10, 30) };
const HOUR_MS = 3_600_000;
let key: Uint8Array;
let links: Links;

beforeEach(() => {
  clock.nowMs = Date.UTC(2026, 10, 30);
  key = new Uint8Array(32).fill(1);
  links = signedLinks({ key: () => key, clock: () => clock.nowMs });
});

const path = '/v1/invoices/inv_1/lines.csv';
const target = { path, query: { escape: 'none' } };

/** As a server reads it. */
function opens(
  url: string,
  change: { path?: string; query?: Record<string, string> } = {},
): string {
  const asked = new URL(url, 'http://tollgate');
  const { link = '', ...query } = Object.fromEntries(asked.searchParams);
  try {
    links.verify({ path: asked.pathname, query, ...change }, link);
    return 'opens';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}

describe('I10: a signed link', () => {
  it('opens the file that it was made for, until it expires', () => {
    const url = links.sign(target, clock.nowMs + HOUR_MS);
    expect(opens(url)).toBe('opens');
    clock.nowMs += HOUR_MS - 1;
    expect(opens(url)).toBe('opens');
    clock.nowMs += 1;
    expect(opens(url)).toBe('link_expired');
  });

  it('opens nothing else: no other path or parameter, and no later end', () => {
    const url = links.sign(target, clock.nowMs + HOUR_MS);
    const later = links.sign(target, clock.nowMs + 2 * HOUR_MS);
    const [expires] = new URL(later, 'http://t').searchParams.get('link')?.split('.') ?? [];
    expect([
      opens(url, { path: '/v1/invoices/inv_2/lines.csv' }),
      opens(url, { query: {} }),
      opens(url, { query: { escape: 'formulas' } }),
      opens(url, { query: { escape: 'none', more: '1' } }),
      opens(url.replace(/link=[0-9a-z]+/, `link=${expires}`)),
      opens(url.slice(0, -1)),
      opens(`${path}?escape=none&link=`),
    ]).toEqual(Array(7).fill('link_invalid'));
  });

  it('opens the rest of its file: where a download goes on is not signed', () => {
    const url = links.sign(target, clock.nowMs + HOUR_MS);
    expect(opens(`${url}&after=0.1.2`)).toBe('opens');
  });

  it('opens nothing once the key has been changed, before it expires or after', () => {
    const url = links.sign(target, clock.nowMs + HOUR_MS);
    key = new Uint8Array(32).fill(2);
    expect(opens(url)).toBe('link_invalid');
    clock.nowMs += HOUR_MS;
    expect(opens(url)).toBe('link_invalid');
  });
});
