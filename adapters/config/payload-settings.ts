/** Where payloads are, and for how long, from the configuration. */
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import type { PayloadLimits } from '../payloads/payloads.ts';
import { dataFolder } from './data-folder.ts';

export type PayloadSettings = {
  path: string;
  limits: PayloadLimits;
  /** What is taken out. */
  patterns: readonly string[];
};

const DAY_MS = 24 * 60 * 60 * 1000;
const MIB = 1024 * 1024;

/** @returns null: nothing is kept */
export function payloadSettings(
  { payload_log }: Pick<TollgateConfig, 'payload_log'>,
  data: string,
): PayloadSettings | null {
  if (payload_log === undefined) return null;
  const { retention_days, max_mib, redact } = payload_log;
  return {
    path: dataFolder(data).payloads,
    limits: { retentionMs: retention_days * DAY_MS, bytesMax: max_mib * MIB },
    patterns: redact,
  };
}
