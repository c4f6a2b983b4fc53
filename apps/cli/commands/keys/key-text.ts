/** Keys as people read them. */
import type { keyView } from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import type { Output } from '../../output/output.ts';
import type { Column } from '../../output/table.ts';
import { timeText } from '../../output/values.ts';

export type Key = z.output<typeof keyView>;

export function keyColumns(output: Output, timeZone: string): Column<Key>[] {
  return [
    { title: 'id', value: ({ id }) => id },
    { title: 'name', value: ({ name }) => name, min: 8 },
    { title: 'customer', value: ({ customer_id }) => customer_id, spare: true },
    { title: 'env', value: ({ environment }) => environment, spare: true },
    { title: 'ends in', value: ({ last_four }) => last_four, spare: true },
    {
      title: 'status',
      value: ({ status }) => status,
      style: ({ status }, text) =>
        output.paint(
          status === 'active' ? 'green' : status === 'suspended' ? 'yellow' : 'red',
          text,
        ),
    },
    { title: 'made', value: ({ created_at }) => timeText(created_at, timeZone), spare: true },
    { title: 'expires', value: ({ expires_at }) => timeText(expires_at, timeZone), spare: true },
  ];
}

export function showKey(output: Output, key: Key, timeZone: string): void {
  const tags = Object.entries(key.tags).map(([name, value]) => `${name}=${value}`);
  output.facts([
    ['id', key.id],
    ['name', key.name],
    ['customer', key.customer_id],
    ['team', key.team_id ?? 'none'],
    ['environment', key.environment],
    ['status', key.status],
    ['ends in', key.last_four],
    ['tags', tags.join(', ') || 'none'],
    ['on disconnect', key.on_disconnect],
    ['end user', key.end_user_required ? 'has to be named' : 'may be named'],
    ['made', `${timeText(key.created_at, timeZone)} ${timeZone}`],
    [
      'expires',
      key.expires_at === null ? 'never' : `${timeText(key.expires_at, timeZone)} ${timeZone}`,
    ],
  ]);
}
