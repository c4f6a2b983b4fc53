/** Bugs of the protocol of leases that the simulated histories must notice (`tests/sim`). */
import { at, type Plant } from './plant.ts';

const test = {
  file: 'tests/sim/simulation.prop.test.ts',
  name: 'I3: in no history of proxies that die, stop and lose answers is a budget exceeded, and in the end it is settled exactly',
};

export const simulated: readonly Plant[] = [
  {
    bug: 'lease protocol: release early: free the hold as soon as the request has left',
    edits: at('request-is-sent', { before: 'this.#deps.budgets.cancel(this.facts.holds);' }),
    test,
  },
  {
    bug: 'lease protocol: skip the revision: grant behind whatever came first',
    edits: at('grant-is-appended', {
      instead: `{
        const result = await ledger.append(request.stream, expected, events);
        return result.ok || (await ledger.append(request.stream, result.actual, [event])).ok;
      }`,
    }),
    test,
  },
  {
    bug: 'lease protocol: shrink the hold: take half of it from the leases',
    edits: at('hold-is-taken-whole', { swap: ['amount', 'amount / 2n'] }),
    test,
  },
  {
    bug: 'lease protocol: settle a lease once more, because its owner died before it could forget it',
    edits: at('settlement-event', {
      swap: ['data }, leaseId)', 'data }, crypto.randomUUID())'],
    }),
    test,
  },
  {
    bug: 'lease protocol: expire a lease whose call takes too long',
    edits: at('held-lease-is-not-over', {
      instead: `{
        if (lease.holds > 0 && at.nowMs - lease.usedAtMs < at.idleMs) return false;
        lease.holds = 0;
        lease.held = 0n;
      }`,
    }),
    test,
  },
  {
    bug: 'lease protocol: give back what a call holds',
    edits: at('held-part-of-a-slice-stays', { swap: ['-= freeOf(lease)', '= lease.spent'] }),
    test,
  },
  {
    bug: 'lease protocol: forget an overrun',
    edits: at('overrun-of-a-charge', { swap: ['overrun: left', 'overrun: 0n'] }),
    test,
  },
  {
    bug: 'lease protocol: take the wrong window at midnight',
    edits: at('window-of-the-call', { instead: 'return current;' }),
    test,
  },
];
