/** `tollgate limits …`: rate limits. */
import type { rateLimitView } from '@tollgate/schemas/http/rate-limits.ts';
import type { z } from 'zod';
import type { Command } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import { parseCount } from '../../input/amount.ts';
import { mostOf, mostOption } from '../../input/most.ts';
import { oneScope, scopeOptions } from '../../input/scope.ts';
import type { Column } from '../../output/table.ts';
import { countText } from '../../output/values.ts';

type Limit = z.output<typeof rateLimitView>;

const MEASURES = ['requests', 'input_tokens', 'output_tokens', 'total_tokens', 'concurrent_calls'];
const LIMIT = { name: 'LIMIT_ID', help: 'its id, as `limits list` shows it' } as const;

const columns: Column<Limit>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'scope', value: ({ scope }) => `${scope.type} ${scope.id}`, min: 10 },
  { title: 'limit', value: ({ limit }) => countText(limit), align: 'right' },
  { title: 'measure', value: ({ measure }) => measure.replace('_', ' '), min: 8 },
  { title: 'per', value: ({ per }) => per ?? 'at once' },
  { title: 'store away', value: (one) => one.when_store_is_away, spare: true },
  { title: 'status', value: ({ status }) => status, spare: true },
];

export const limitsList: Command = {
  name: 'limits list',
  summary: 'list rate limits, newest first',
  options: {
    ...{ customer: scopeOptions.customer, ...mostOption },
    all: { type: 'boolean', help: 'archived ones too' },
  },
  examples: [
    { line: 'tollgate limits list --customer acme', help: 'of it, its teams and its keys' },
  ],
  async run({ api, values, output }) {
    const { customer, all } = values as { customer?: string; all?: boolean };
    const query = { customer_id: customer, status: all === true ? undefined : 'active' };
    const pages = (await api()).pages<Limit>('/v1/rate_limits', query, mostOf(values));
    await output.list(pages, columns, 'There is no such rate limit.');
    return 0;
  },
};

export const limitsCreate: Command = {
  name: 'limits create',
  summary: 'make a rate limit',
  parameters: [
    { name: 'COUNT', help: 'as 100 or 10k' },
    { name: 'MEASURE', help: 'of what', oneOf: MEASURES },
  ],
  options: {
    ...scopeOptions,
    per: { type: 'string', value: 'PERIOD', help: 'default: minute', oneOf: ['second', 'minute'] },
    open: { type: 'boolean', help: 'let calls through while the store of rates is away' },
  },
  examples: [
    { line: 'tollgate limits create 100 requests --key key_1', help: 'a hundred a minute' },
    { line: 'tollgate limits create 5 concurrent_calls --customer acme', help: 'five at once' },
  ],
  async run({ api, values, words: [count = '', measure], output, print, say }) {
    const { per, open } = values as { per?: string; open?: boolean };
    const body = {
      ...{ scope: oneScope(values), measure, limit: parseCount('COUNT', count), per },
      ...(open === true ? { when_store_is_away: 'open' } : {}),
    };
    const made = await (await api()).post<Limit>('/v1/rate_limits', body);
    output.object(made, () => print(made.id));
    say(
      `${countText(made.limit)} ${made.measure.replace('_', ' ')} ${made.per === null ? 'at once' : `per ${made.per}`}.`,
    );
    return 0;
  },
};

export const limitsSet: Command = {
  name: 'limits set',
  summary: 'change a rate limit, from now on',
  parameters: [LIMIT, { name: 'COUNT', help: 'as 100 or 10k' }],
  examples: [
    { line: 'tollgate limits set rtl_1 200', help: 'every proxy follows within a second' },
  ],
  async run({ api, words: [id = '', count = ''], output, say }) {
    const limit = parseCount('COUNT', count);
    if (limit === 0)
      throw new UsageError('COUNT: a limit is at least 1; `keys suspend` stops a key.');
    const path = `/v1/rate_limits/${encodeURIComponent(id)}`;
    const changed = await (await api()).patch<Limit>(path, { limit });
    output.object(changed, () => undefined);
    say(`${countText(changed.limit)} ${changed.measure.replace('_', ' ')}.`);
    return 0;
  },
};

export const limitsArchive: Command = {
  name: 'limits archive',
  summary: 'end a rate limit',
  parameters: [LIMIT],
  examples: [{ line: 'tollgate limits archive rtl_1', help: 'it limits nothing any more' }],
  async run({ api, words: [id = ''], output, say }) {
    const path = `/v1/rate_limits/${encodeURIComponent(id)}/archive`;
    const ended = await (await api()).post<Limit>(path);
    output.object(ended, () => undefined);
    say(`Rate limit ${ended.id} is archived.`);
    return 0;
  },
};
