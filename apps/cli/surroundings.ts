/** What a command finds around it. */
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** The configuration on this machine, and the data folder that it leads to. */
export type Installation = { config: TollgateConfig; data: string };
