/** The ways in which a call can be told to fail, and how they are written in a knob. */
import { limits } from '../limits.ts';

export type Fault =
  | { readonly kind: 'status'; readonly status: 429 | 500 | 502 | 503 | 504 | 529 }
  | { readonly kind: 'bill_then_500' }
  | { readonly kind: 'reset_after' | 'stall_after'; readonly bytes: number }
  | { readonly kind: 'huge'; readonly bytes: number }
  | { readonly kind: 'usage_missing' | 'usage_twice' | 'malformed_sse' }
  | { readonly kind: 'error_after'; readonly tokens: number }
  /** Exempts one call from the global fault. */
  | { readonly kind: 'none' };

const plain: ReadonlyMap<string, Fault> = new Map<string, Fault>([
  ...([429, 500, 502, 503, 504, 529] as const).map((status): [string, Fault] => [
    `status_${status}`,
    { kind: 'status', status },
  ]),
  ['bill_then_500', { kind: 'bill_then_500' }],
  ['usage_missing', { kind: 'usage_missing' }],
  ['usage_twice', { kind: 'usage_twice' }],
  ['malformed_sse', { kind: 'malformed_sse' }],
  ['none', { kind: 'none' }],
]);

/** Reads `status_500`, `reset_after:120` and the like; undefined when it is none of them. */
export function parseFault(text: string): Fault | undefined {
  const known = plain.get(text);
  if (known !== undefined) return known;
  const failed = /^error_after:(\d{1,9})$/.exec(text);
  if (failed !== null) return { kind: 'error_after', tokens: Number(failed[1]) };
  const match = /^(reset_after|stall_after|huge):(\d{1,9})$/.exec(text);
  if (match === null) return undefined;
  const bytes = Number(match[2]);
  if (match[1] !== 'huge') return { kind: match[1] as 'reset_after' | 'stall_after', bytes };
  return bytes <= limits.hugeBytesMax ? { kind: 'huge', bytes } : undefined;
}
