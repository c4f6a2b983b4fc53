/** Stream `installation-settings`: what holds for all customers, and is set through the API. */

import type { KeyDefaults } from '../key/key-defaults.ts';
import { streamCategory } from '../stream/stream-category.ts';

export const installationStreams = streamCategory('installation');
/** There is one installation in a ledger. */
export const INSTALLATION_ID = 'settings';

/** Only what it names has changed. */
export type InstallationUpdated = {
  type: 'InstallationUpdated';
  data: {
    key_defaults?: KeyDefaults | null;
    /** Signed links of an earlier generation open nothing. */
    links_generation?: number;
  };
};

export type InstallationEvent = InstallationUpdated;
