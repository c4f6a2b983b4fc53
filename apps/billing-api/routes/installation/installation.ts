/** /v1/installation: what holds for all customers. */
import { installationEvents } from '@tollgate/adapters/ledger/categories.ts';
import {
  evolveInstallation,
  type Installation,
  newInstallation,
} from '@tollgate/domain/installation/installation.ts';
import { INSTALLATION_ID } from '@tollgate/domain/installation/installation-events.ts';
import { installationChange, installationView } from '@tollgate/schemas/http/key-defaults.ts';
import { carryOut } from '../../http/carry-out.ts';
import { defineRoute } from '../../http/route.ts';
import { storedDefaults } from '../keys/key-defaults.ts';

export const getInstallation = defineRoute({
  operationId: 'getInstallation',
  method: 'GET',
  path: '/v1/installation',
  tag: 'Installation',
  summary: 'Retrieve the settings that hold for all customers',
  status: 200,
  response: installationView,
  errors: [],
  async handler(_request, { directory }) {
    const found = directory.installation.get(INSTALLATION_ID);
    return view(found?.state ?? newInstallation, found?.updatedAtMs ?? null);
  },
});

export const updateInstallation = defineRoute({
  operationId: 'updateInstallation',
  method: 'PATCH',
  path: '/v1/installation',
  tag: 'Installation',
  summary: 'Change the settings that hold for all customers; what is left out stays',
  description:
    'Defaults are for keys that are issued from now on; those that exist stay as they are.',
  body: installationChange,
  status: 200,
  response: installationView,
  errors: ['concurrent_change'],
  async handler({ body, commandId }, context) {
    const { key_defaults } = body;
    const data = key_defaults === undefined ? {} : { key_defaults: storedDefaults(key_defaults) };
    const { state, updatedAtMs } = await carryOut(context, {
      category: installationEvents,
      id: INSTALLATION_ID,
      commandId,
      evolve: evolveInstallation,
      decide: () => ({ type: 'InstallationUpdated', data }),
    });
    return view(state, updatedAtMs);
  },
});

function view({ key_defaults }: Installation, updatedAtMs: number | null) {
  const updated_at = updatedAtMs === null ? null : new Date(updatedAtMs).toISOString();
  return { object: 'installation' as const, key_defaults, updated_at };
}
