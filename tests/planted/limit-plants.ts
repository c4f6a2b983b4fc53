/** Bugs of limits that change with time: raises, and prepaid credit that ends. */
import { at, type Plant } from './plant.ts';

const LIMITS_TEST = 'apps/proxy/budget/changing-limits.int.test.ts';
const SIMULATION = {
  file: 'tests/sim/simulation.prop.test.ts',
  name: 'I3: in no history of proxies that die, stop and lose answers is a budget exceeded, and in the end it is settled exactly',
};

export const limits: readonly Plant[] = [
  {
    bug: 'let a raise outlive its instant',
    edits: at('raise-ends-at-its-until', { swap: ['nowMs < untilMs', 'true'] }),
    test: {
      file: LIMITS_TEST,
      name: 'I3: ends for a slice that was granted before, and never for a running call',
    },
  },
  {
    bug: 'lease protocol: let a raise outlive its instant',
    edits: at('raise-ends-at-its-until', { swap: ['nowMs < untilMs', 'true'] }),
    test: SIMULATION,
  },
  {
    bug: 'let calls go on with slices from before a raise ended',
    edits: at('slices-end-with-the-raise', { instead: 'return;' }),
    test: {
      file: LIMITS_TEST,
      name: 'I3: ends for a slice that was granted before, and never for a running call',
    },
  },
  {
    bug: 'believe the own clock where another proxy has recorded that credit ended',
    edits: at('recorded-ends-are-followed', { drop: true }),
    test: {
      file: LIMITS_TEST,
      name: 'I3: has ended for the slices of a proxy whose clock is behind, once it reads of it',
    },
  },
  {
    bug: 'let credit outlive its expiry',
    edits: at('credit-ends-at-its-expiry', { instead: 'continue;' }),
    test: {
      file: LIMITS_TEST,
      name: 'I3: is told to the window, spent first, and gone at its end with all that was unused',
    },
  },
  {
    bug: 'lease protocol: let credit outlive its expiry',
    edits: at('credit-ends-at-its-expiry', { instead: 'continue;' }),
    test: SIMULATION,
  },
  {
    bug: 'forget at its expiry what running calls spend of credit',
    edits: at('unspent-credit-of-a-lease', { swap: ['}, gone))', '}, sumOf(lease.parts)))'] }),
    test: {
      file: 'domain/budget/limit.unit.test.ts',
      name: 'I3: of a running call is not taken away, and what it does not use does not come back',
    },
  },
  {
    bug: 'give back what a lease did not spend of credit that has expired',
    edits: at('returned-credit-may-have-ended', { instead: 'const gone = 0n;' }),
    test: {
      file: LIMITS_TEST,
      name: 'I3: is not broken for a call that runs at its end, and does not come back behind it',
    },
  },
  {
    bug: 'refuse on although a budget was told to clamp',
    edits: at('on-exceeded-changes', { swap: ['...state, on_exceeded,', '...state,'] }),
    test: {
      file: 'apps/proxy/ledger-view/limits-of-key.unit.test.ts',
      name: 'a budget that is told to clamp clamps the next call, and refuses again when told so',
    },
  },
  {
    bug: 'let a soft budget say that it clamps',
    edits: at('a-soft-budget-clamps-nothing', { drop: true }),
    test: {
      file: 'apps/billing-api/routes/budgets/budgets.int.test.ts',
      name: 'is nothing of a soft one: it refuses no call, and it clamps none',
    },
  },
];
