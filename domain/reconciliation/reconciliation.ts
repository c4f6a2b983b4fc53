/** The fold of `reconciliation-<id>`: an import exists once it is accepted. */
import type { ReconciliationAccepted, ReconciliationEvent } from './reconciliation-events.ts';

export type ReconciliationImport = ReconciliationAccepted['data'];

/** @returns undefined while lines are still being stored: such an import never happened */
export function evolveReconciliation(
  state: ReconciliationImport | undefined,
  event: ReconciliationEvent,
): ReconciliationImport | undefined {
  switch (event.type) {
    case 'ReconciliationLines':
      return state;
    case 'ReconciliationAccepted':
      return event.data;
    default:
      return event satisfies never;
  }
}
