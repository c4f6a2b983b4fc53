/** Whose a limit is: `--key`, `--team`, `--customer` or all of the installation. */
import type { Option, Values } from '../command.ts';
import { UsageError } from '../errors.ts';

export const scopeOptions = {
  key: { type: 'string', value: 'KEY', help: 'id of a key' },
  team: { type: 'string', value: 'TEAM', help: 'id of a team' },
  customer: { type: 'string', value: 'CUSTOMER', help: 'id, or external id, of a customer' },
} as const satisfies Record<string, Option>;

export type Scope = { type: string; id: string };

/** Filters of a list; a list by several would be of what none of them asks. @throws UsageError */
export function scopeFilter(values: Values): Record<string, string> {
  const stated = statedScopes(values);
  return Object.fromEntries(stated.map(({ type, id }) => [`${type}_id`, id]));
}

function statedScopes(values: Values): Scope[] {
  return Object.keys(scopeOptions).flatMap((type) => {
    const id = values[type];
    return typeof id === 'string' ? [{ type, id }] : [];
  });
}

/** @throws UsageError unless exactly one is stated */
export function oneScope(values: Values): Scope {
  const scopes = statedScopes(values);
  if (values['installation'] === true) scopes.push({ type: 'installation', id: 'installation' });
  const [scope] = scopes;
  if (scope !== undefined && scopes.length === 1) return scope;
  throw new UsageError('Say whose it is: one of --key, --team, --customer, --installation.');
}
