/** How much of a long list is shown. */
import type { Option, Values } from '../command.ts';
import { parseCount } from './amount.ts';

export const mostOption = {
  most: { type: 'string', value: 'N', help: 'at most so many, newest first (default: all)' },
} as const satisfies Record<string, Option>;

/** @throws UsageError */
export function mostOf(values: Values): number {
  const { most } = values;
  return typeof most === 'string' ? parseCount('--most', most) : Number.POSITIVE_INFINITY;
}
