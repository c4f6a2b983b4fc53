import { expect, it } from 'vitest';
import { gatewayFault } from './gateway-fault.ts';

it('what is about our own key, account or address is never taken for the client’s', () => {
  const all = Array.from({ length: 400 }, (_, index) => 200 + index);
  const of = (fault: string | null) => all.filter((status) => gatewayFault(status) === fault);
  expect(of('redirected')).toEqual(all.filter((status) => status >= 300 && status <= 399));
  expect(of('unauthorized')).toEqual([401, 402, 403, 407]);
  expect(gatewayFault(null)).toBeNull();
});
