import { expect, it } from 'vitest';
import { ProviderHealth } from './provider-health.ts';

const limits = { illAfterFailures: 3, illForMs: 1_000 };
const ok = { status: 'ok', http_status: 200, error_type: null } as const;
const unclear = { status: 'ok', http_status: 200, error_type: 'usage_contradictory' } as const;
const refused = { status: 'upstream_error', http_status: 429, error_type: null } as const;
const failures = [
  { status: 'upstream_error', http_status: 500, error_type: null },
  { status: 'upstream_error', http_status: null, error_type: 'upstream_unreachable' },
  { status: 'upstream_error', http_status: 401, error_type: 'upstream_unauthorized' },
  { status: 'timeout', http_status: 200, error_type: 'upstream_timeout' },
] as const;
const flagged = {
  status: 'upstream_error',
  http_status: 403,
  error_type: 'upstream_content_policy',
} as const;
/** Its route had given the call no more time. */
const cut = { status: 'timeout', http_status: null, error_type: 'deadline.call' } as const;
const gone = { status: 'client_closed', http_status: null, error_type: null } as const;

it('a provider is ill while its last answers all failed, and not for longer than it is known', () => {
  for (const failure of failures) {
    const health = new ProviderHealth(limits);
    const after = (...ends: Parameters<ProviderHealth['settled']>[1][]) => {
      for (const end of ends) health.settled('p', end, 0);
      return [health.isIll('p', 999), health.isIll('p', 1_000), health.isIll('q', 0)];
    };
    expect(after(failure, failure)).toEqual([false, false, false]);
    expect(after(gone, cut, cut)).toEqual([false, false, false]);
    expect(after(failure)).toEqual([true, false, false]);
    expect(after(gone)).toEqual([true, false, false]);
    expect(after(ok)).toEqual([false, false, false]);
    expect(after(unclear, unclear, unclear)).toEqual([false, false, false]);
    expect(after(failure, failure, refused, failure)).toEqual([false, false, false]);
    expect(after(failure, flagged, failure)).toEqual([false, false, false]);
  }
});
