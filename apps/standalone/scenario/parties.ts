/** The customers of the scenario: each has two teams, each team a key, each key a budget. */
import type { AdminClient } from '@tollgate/adapters/billing-api/admin-client.ts';

export type Key = { id: string; secret: string; budgetId: string };
export type Party = { customerId: string; name: string; keys: Key[] };

export async function createParty(
  api: AdminClient,
  name: string,
  markupPpm: number,
  onDisconnect: string,
): Promise<Party> {
  const customer = await api.post<{ id: string }>('/v1/customers', {
    name,
    markup_ppm: markupPpm,
  });
  const party: Party = { customerId: customer.id, name, keys: [] };
  for (const team of ['research', 'support']) {
    const { id } = await api.post<{ id: string }>('/v1/teams', {
      customer_id: customer.id,
      name: team,
    });
    party.keys.push(await createKey(api, customer.id, '500', { team_id: id, onDisconnect }));
  }
  return party;
}

export async function createKey(
  api: AdminClient,
  customerId: string,
  limit: string,
  more: { team_id?: string; onDisconnect?: string } = {},
): Promise<Key> {
  const { onDisconnect = 'drain', ...team } = more;
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
    customer_id: customerId,
    name: 'demo',
    environment: 'test',
    on_disconnect: onDisconnect,
    ...team,
  });
  const scope = { type: 'key', id: key.id };
  const budget = await api.post<{ id: string }>('/v1/budgets', { scope, limit });
  return { ...key, budgetId: budget.id };
}
