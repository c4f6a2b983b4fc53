import { expect, it } from 'vitest';
import { evolveInstallation } from './installation.ts';

it('the settings of the installation are what was said last, and nothing before', () => {
  const key_defaults = { tags: { tier: 'free' } };
  const said = evolveInstallation(undefined, {
    type: 'InstallationUpdated',
    data: { key_defaults },
  });
  expect(said).toEqual({ key_defaults, links_generation: 0 });
  expect(evolveInstallation(said, { type: 'InstallationUpdated', data: {} })).toEqual(said);
  const data = { key_defaults: null };
  const gone = evolveInstallation(said, { type: 'InstallationUpdated', data });
  expect(gone).toEqual({ key_defaults: null, links_generation: 0 });
  const rotated = { type: 'InstallationUpdated', data: { links_generation: 3 } } as const;
  expect(evolveInstallation(said, rotated)).toEqual({ key_defaults, links_generation: 3 });
});
