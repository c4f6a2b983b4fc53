/**
 * Versions of ledger events that are no longer appended, but stay in the ledger forever. The first
 * version of an event is stored under the event's own name, version n as `<name>.<n>`. A reader
 * upcasts what it finds, step by step, so that the domain knows only the current version.
 *
 * A second version of an event: move its payload's schema from `ledger-events.ts` to this list,
 * with a function that makes the new payload of an old one.
 */
import type { z } from 'zod';

export type EarlierVersion = {
  /** From the payload as it was appended to the payload of the next version. */
  upcast(data: unknown): unknown;
};

/** By event type; the first version comes first. */
export type EarlierVersions = Readonly<Record<string, readonly EarlierVersion[]>>;

export const earlierVersions: EarlierVersions = {};

/** @param upcast makes the payload of the next version; it fills in what the old one did not say */
export function earlierVersion<T>(
  payload: z.ZodType<T>,
  upcast: (data: T) => unknown,
): EarlierVersion {
  return { upcast: (data) => upcast(payload.parse(data)) };
}
