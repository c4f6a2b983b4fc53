/** `npm run bench -- breaker`: the table of failing providers in docs/routing.md, in simulated time. */
import {
  FAILING_CASES,
  failingTable,
  simulateFailing,
} from '@tollgate/proxy/testing/failing-provider.ts';

export const breakerBenchUsage = `  breaker
    A provider that fails a share of its calls for two minutes and recovers, behind a route: calls
    served, attempts, and how soon it is left alone and comes back. Simulated: the same on every machine.`;

export async function benchBreaker(): Promise<void> {
  console.log(failingTable(FAILING_CASES.map(simulateFailing)));
}
