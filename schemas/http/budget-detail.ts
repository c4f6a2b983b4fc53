/** `GET /v1/budgets/{id}`: a budget with who holds what of it, and how fast it is spent. */
import { z } from 'zod';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { budgetView } from './resources.ts';

/** What a proxy instance may spend, and has not settled. */
export const heldLease = z.strictObject({
  lease_id: z.string(),
  instance_id: z.string().meta({ description: 'The proxy instance that holds it.' }),
  amount: decimal12,
  overrun: decimal12.meta({
    description: 'What a provider billed above the bound that it had stated, counted at once.',
  }),
  since: timestamp,
});

const rate = z.strictObject({
  since: timestamp,
  amount: decimal12.meta({ description: 'Spent since then, in the unit of the budget.' }),
  per_hour: decimal12,
  exhausted_at: timestamp.nullable().meta({
    description: 'When the limit is reached at this rate. Null: not before the window ends.',
  }),
});

const { current } = budgetView.shape;

export const budgetDetail = budgetView.extend({
  current: current.extend({
    available: decimal12.nullable().meta({
      description: '`limit` − `spent` − `held`; below zero after a limit was lowered.',
    }),
    resets_at: timestamp.nullable().meta({ description: 'Null: it never does.' }),
  }),
  leases: z.array(heldLease).meta({ description: 'What `held` consists of, oldest first.' }),
  spending: z.strictObject({
    window: rate.nullable().meta({ description: 'Over the window so far, from `spent`.' }),
    recent: rate.nullable().meta({
      description:
        'Over the last minutes. Null: the warehouse cannot tell now, or the budget is soft.',
    }),
  }),
});
