/**
 * Several simulated providers, each a process with a bill of its own, and the configuration that names
 * them: what routes need to lead anywhere else.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type BillLine, readBill } from '@tollgate/audit/bill/figures.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { startSimulator } from '@tollgate/simulator/start.ts';
import { SIMULATOR_KEY_VARIABLE, withSimulators } from '../simulator-provider.ts';

export type SimulatedProvider = {
  name: string;
  url: string;
  billFile: string;
  bill(): BillLine[];
  /** Merged into what is set for all of its calls. */
  steer(knobs: Readonly<Record<string, string | number>>): Promise<void>;
  stop(): Promise<void>;
};

export async function startProviders(
  folder: string,
  names: readonly string[],
): Promise<SimulatedProvider[]> {
  return Promise.all(
    names.map(async (name) => {
      const billFile = join(folder, `bill-${name}.jsonl`);
      const simulator = await startSimulator({ billPath: billFile });
      return {
        ...{ name, url: simulator.url, billFile },
        bill: () => readBill(billFile),
        async steer(knobs: Readonly<Record<string, string | number>>) {
          const body = JSON.stringify(knobs);
          const { ok } = await fetch(`${simulator.url}/sim/knobs`, { method: 'POST', body });
          if (!ok) throw new Error(`${name} takes no knobs: ${body}`);
        },
        stop: () => simulator.stop(),
      };
    }),
  );
}

/**
 * Writes a `tollgate.yaml`, which JSON is as well, for a product that this process starts.
 *
 * @returns its path
 */
export function configureProviders(
  folder: string,
  config: TollgateConfig,
  providers: readonly SimulatedProvider[],
): string {
  // The start looks for it in our environment, as it does for any provider's key.
  process.env[SIMULATOR_KEY_VARIABLE] = 'simulator';
  const file = join(folder, 'tollgate.yaml');
  const urls = Object.fromEntries(providers.map(({ name, url }) => [name, url]));
  writeFileSync(file, JSON.stringify(withSimulators(config, urls), null, 2));
  return file;
}
