/** Whose usage was counted in these spans, and which budget windows are charged for unknown usage? */
import type { Warehouse } from '../warehouse.ts';
import type { OffsetSpan } from './touched-hours.ts';

/** Whose call it was, or a window whose attempts nobody stated. */
export type Touched =
  | { kind: 'scopes'; customerId: string; teamId: string; keyId: string }
  | { kind: 'window'; window: string };

export async function touchedBudgets(
  warehouse: Warehouse,
  spans: readonly OffsetSpan[],
): Promise<Touched[]> {
  if (spans.length === 0) return [];
  const isNew = spans
    .map(
      ({ log, partition, from, to }) =>
        `log = ${log} AND partition = ${partition} AND \`offset\` >= ${from} AND \`offset\` < ${to}`,
    )
    .join(' OR ');
  const scopes = await warehouse.query<{ customer: string; team: string; key: string }>(
    `SELECT DISTINCT customer_id AS customer, ifNull(team_id, '') AS team, ifNull(key_id, '') AS key
     FROM tollgate.usage_events WHERE (${isNew}) AND type IN ('attempt', 'cache_hit', 'resolution')`,
  );
  const windows = await warehouse.query<{ window: string }>(
    `SELECT DISTINCT arrayJoin(budget_windows) AS window FROM tollgate.usage_events
     WHERE (${isNew}) AND type = 'attempt' AND (isNull(cost) OR usage_source = 'estimated')`,
  );
  return [
    ...scopes.map(({ customer: customerId, team: teamId, key: keyId }) => {
      return { kind: 'scopes' as const, customerId, teamId, keyId };
    }),
    ...windows.map(({ window }) => ({ kind: 'window' as const, window })),
  ];
}
