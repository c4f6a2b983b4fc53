/** A hard budget that many calls reach at once: some are refused, and it is not exceeded (I3). */
import { type BillLine, sum } from '@tollgate/audit/bill/figures.ts';
import { until } from '@tollgate/audit/bill/steps.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import OpenAI from 'openai';
import type { Started } from '../platform-process.ts';
import type { Key } from './parties.ts';

export const RACE_LIMIT = '0.010000000000';
const RACE_CALLS = 96;

/** Many calls at once, through all proxies, on a key whose budget pays for a few of them. */
export async function raceBudget(platform: Started, key: Key, say: (line: string) => void) {
  await until('the new key works', async () => {
    const response = await fetch(`${platform.proxyUrl}/v1/models`, {
      headers: { authorization: `Bearer ${key.secret}` },
    });
    return response.ok;
  });
  const client = new OpenAI({
    apiKey: key.secret,
    baseURL: `${platform.proxyUrl}/v1`,
    maxRetries: 0,
  });
  const messages = [{ role: 'user' as const, content: 'How much can I spend?' }];
  const outcomes = await Promise.all(
    Array.from({ length: RACE_CALLS }, async () => {
      try {
        await client.chat.completions.create({
          model: 'sim-large',
          messages,
          max_completion_tokens: 60,
        });
        return null;
      } catch (error) {
        return error as { status?: number; error?: unknown; message: string };
      }
    }),
  );
  const refusals = outcomes.filter((outcome) => outcome !== null);
  if (!refusals.some(({ status }) => status === 402)) {
    throw new Error(`no call of ${RACE_CALLS} was refused with 402`);
  }
  say(
    `${RACE_CALLS} calls at once on a budget of $${RACE_LIMIT}: ` +
      `${RACE_CALLS - refusals.length} served, ${refusals.length} refused, for example with`,
  );
  say(`  402 ${JSON.stringify(refusals.find(({ status }) => status === 402)?.error)}`);
  /** The bill's lines for this key: the simulator knows attempts, the events know keys. */
  const lines = (bill: BillLine[], events: ReadonlyMap<string, UsageEvent>) =>
    bill.filter((line) => events.get(line.attempt_id ?? '')?.key_id === key.id);
  return { ...key, lines };
}

type Racer = Awaited<ReturnType<typeof raceBudget>>;

export function checkRace(
  events: ReadonlyMap<string, UsageEvent>,
  racer: Racer,
  say: (line: string) => void,
): void {
  const bill = [...events.values()].filter((event) => event.key_id === racer.id);
  const { cost } = sum(bill);
  if (parseDecimal12(cost) > parseDecimal12(RACE_LIMIT)) {
    throw new Error(`the budget of $${RACE_LIMIT} was exceeded: $${cost}`);
  }
  say(`By the bill that key has spent $${cost}: not exceeded`);
}
