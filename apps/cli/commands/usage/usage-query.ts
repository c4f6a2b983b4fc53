/** What usage is asked for: whose, which models, by what it is grouped. */
import type { usageRow } from '@tollgate/schemas/http/usage.ts';
import type { z } from 'zod';
import type { Option, Values } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import { scopeFilter, scopeOptions } from '../../input/scope.ts';

export type UsageRow = z.output<typeof usageRow>;

/** What people call a dimension, and the field that it is. */
const DIMENSIONS: Readonly<Record<string, keyof UsageRow>> = {
  ...{ customer: 'customer_id', team: 'team_id', key: 'key_id', model: 'model_requested' },
  ...{ 'served-model': 'model', provider: 'provider', env: 'environment', type: 'type' },
};

export const usageOptions = {
  ...scopeOptions,
  model: { type: 'string', value: 'MODEL', help: 'as clients name it' },
  provider: { type: 'string', value: 'NAME', help: 'only calls of this provider' },
  env: { type: 'string', value: 'NAME', help: 'only of this environment' },
} as const satisfies Record<string, Option>;

export const BY_HELP = `${Object.keys(DIMENSIONS).join(', ')} or tag:NAME, parted by commas`;

export type Grouping = { name: string; field: keyof UsageRow; groupBy: string };

/** @throws UsageError */
export function groupingOf(text: string): Grouping[] {
  const names = text.split(',').map((name) => name.trim());
  return names.map((name) => {
    if (/^tag:./.test(name)) return { name: name.slice(4), field: 'tag', groupBy: name };
    const field = DIMENSIONS[name];
    if (field !== undefined) return { name, field, groupBy: String(field) };
    throw new UsageError(`--by: there is no ${name}; write ${BY_HELP}.`);
  });
}

export function usageFilter(values: Values): Record<string, string | undefined> {
  const { model: model_requested, provider, env: environment } = values as Record<string, string>;
  return { ...scopeFilter(values), model_requested, provider, environment };
}
