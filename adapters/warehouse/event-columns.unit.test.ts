import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import { expect, it } from 'vitest';
import { eventColumns } from './event-columns.ts';

it('I8: what can be unknown in an event has a column that takes null, and nothing else has', () => {
  const fields = Object.entries(usageEvent.shape).map(([name, schema]) => [
    name,
    schema.safeParse(null).success,
  ]);
  const columns = eventColumns.map(({ name, type }) => [name, type.startsWith('Nullable(')]);
  expect(columns.sort()).toEqual(fields.sort());
});
