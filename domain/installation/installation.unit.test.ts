import { expect, it } from 'vitest';
import { evolveInstallation } from './installation.ts';

it('the settings of the installation are what was said last, and nothing before', () => {
  const key_defaults = { tags: { tier: 'free' } };
  const said = evolveInstallation(undefined, {
    type: 'InstallationUpdated',
    data: { key_defaults },
  });
  expect(said).toEqual({ key_defaults });
  expect(evolveInstallation(said, { type: 'InstallationUpdated', data: {} })).toEqual(said);
  const data = { key_defaults: null };
  expect(evolveInstallation(said, { type: 'InstallationUpdated', data })).toEqual(data);
});
