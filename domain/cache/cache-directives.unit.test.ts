import { describe, expect, it } from 'vitest';
import { cacheDirectives } from './cache-directives.ts';

const any = { reads: true, stores: true, maxAgeS: null, ttlS: null };

describe('what a call asks of the cache', () => {
  it.each([
    [{}, any],
    [{ 'cache-control': 'no-cache' }, { ...any, reads: false }],
    [{ pragma: 'no-cache' }, { ...any, reads: false }],
    [{ 'cache-control': 'No-Store' }, { ...any, reads: false, stores: false }],
    [{ 'cache-control': 'max-age=60, no-transform' }, { ...any, maxAgeS: 60 }],
    [{ 'cache-control': 'max-age=60, max-age=5' }, { ...any, maxAgeS: 5 }],
    [{ 'cache-control': 'max-age="7"' }, { ...any, maxAgeS: 7 }],
    [{ 'cache-control': 'private,,x=y' }, any],
    [{ 'x-tollgate-cache-ttl': '30' }, { ...any, ttlS: 30 }],
  ])('%j', (headers, directives) => expect(cacheDirectives(headers)).toEqual(directives));

  it('ours wins over what a library may have set', () => {
    const headers = { 'cache-control': 'no-store', 'x-tollgate-cache-control': 'max-age=9' };
    expect(cacheDirectives(headers)).toEqual({ ...any, maxAgeS: 9 });
  });

  it.each(['max-age', 'max-age=', 'max-age=-1', 'max-age=1.5', 'max-age=99999999999'])(
    'an age that is none serves nothing that is older than now: %s',
    (text) => expect(cacheDirectives({ 'cache-control': text }).maxAgeS).toBe(0),
  );
});
