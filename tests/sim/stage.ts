/** Everything of one history that its parts share. */
import type { Oracle } from './oracle.ts';
import type { Plan } from './plan.ts';
import type { SimDisk } from './sim-journal.ts';
import type { SimLedger } from './sim-ledger.ts';
import type { SimLog } from './sim-log.ts';
import type { SimProvider } from './sim-provider.ts';
import type { World } from './world.ts';

/** What came to pass: a fault counts only if its point was reached. */
export type Counts = {
  held: number;
  exceeded: number;
  unavailable: number;
  takenOver: number;
  unfinished: number;
  leasesOfTheDead: number;
};

export type Stage = {
  plan: Plan;
  world: World;
  ledger: SimLedger;
  log: SimLog;
  provider: SimProvider;
  oracle: Oracle;
  /** Of every instance that ever was. */
  disks: SimDisk[];
  counts: Counts;
  newId(prefix: string): string;
  newUuid(): string;
};
