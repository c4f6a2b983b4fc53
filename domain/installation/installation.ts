/** The settings of the installation: the fold of `installation-settings`. */
import type { KeyDefaults } from '../key/key-defaults.ts';
import type { InstallationEvent } from './installation-events.ts';

export type Installation = {
  /** Of new keys; null: there are none. */
  key_defaults: KeyDefaults | null;
  /** Of the signed links that open something. */
  links_generation: number;
};

export const newInstallation: Installation = { key_defaults: null, links_generation: 0 };

/** @param state undefined before the first event */
export function evolveInstallation(
  state: Installation | undefined,
  { data }: InstallationEvent,
): Installation {
  return { ...newInstallation, ...state, ...data };
}
