/** All hostile tenants, in a process of their own. */
import { type Hostile, KINDS, type Struck, strikeOn } from './hostile-tenants.ts';

export type HostileReport = Record<string, Struck>;

let over = false;
process.on('message', async (told: { begin: Hostile } | 'stop') => {
  if (told === 'stop') {
    over = true;
    return;
  }
  const report: HostileReport = {};
  await Promise.all(
    KINDS.map(async (kind) => {
      report[kind.name] = await strikeOn(kind, told.begin, () => over);
    }),
  );
  process.send?.(report);
});
process.on('disconnect', () => process.exit(0));
