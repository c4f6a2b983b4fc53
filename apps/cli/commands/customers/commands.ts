/** `tollgate customers …`. */
import type { customerView } from '@tollgate/schemas/http/customers.ts';
import type { z } from 'zod';
import type { Command } from '../../command.ts';
import { mostOf, mostOption } from '../../input/most.ts';
import type { Column } from '../../output/table.ts';
import { timeText } from '../../output/values.ts';

type Customer = z.output<typeof customerView>;

const columns = (timeZone: string): Column<Customer>[] => [
  { title: 'id', value: ({ id }) => id },
  { title: 'name', value: ({ name }) => name, min: 10 },
  { title: 'external id', value: ({ external_id }) => external_id ?? '', min: 8, spare: true },
  { title: 'currency', value: ({ currency }) => currency, spare: true },
  { title: 'status', value: ({ status }) => status },
  { title: 'made', value: ({ created_at }) => timeText(created_at, timeZone), spare: true },
];

export const customersList: Command = {
  name: 'customers list',
  summary: 'list customers, newest first',
  options: {
    ...mostOption,
    status: {
      type: 'string',
      value: 'STATUS',
      help: 'only these',
      oneOf: ['active', 'archived'],
    },
  },
  examples: [
    { line: 'tollgate customers list --status active', help: 'those that are not archived' },
    { line: 'tollgate customers list --most 5 --json', help: 'the five newest, for a program' },
  ],
  async run({ api, values, output, timeZone }) {
    const { status } = values as { status?: string };
    const pages = (await api()).pages<Customer>('/v1/customers', { status }, mostOf(values));
    await output.list(pages, columns(await timeZone()), 'There is no customer.');
    return 0;
  },
};

export const customersCreate: Command = {
  name: 'customers create',
  summary: 'make a customer',
  parameters: [{ name: 'NAME', help: 'as people call it' }],
  options: {
    'external-id': {
      type: 'string',
      value: 'ID',
      help: 'your own id, which works in all commands',
    },
    currency: { type: 'string', value: 'CODE', help: 'of its invoices (default: USD)' },
    zone: { type: 'string', value: 'ZONE', help: 'of its billing months (default: UTC)' },
  },
  examples: [
    { line: 'tollgate customers create "Globex" --external-id globex', help: 'and then its keys' },
  ],
  async run({ api, words: [name], values, output, say, print }) {
    const { 'external-id': external_id, currency, zone: time_zone } = values;
    const body = { name, external_id, currency, time_zone };
    const made = await (await api()).post<Customer>('/v1/customers', body);
    output.object(made, () => print(made.id));
    say(`Customer ${made.name} is made.`);
    return 0;
  },
};
