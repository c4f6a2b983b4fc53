import { expect, it } from 'vitest';
import { openHealth } from './health.ts';

it('an exporter with a port says that it lives, and nothing else', async () => {
  const health = await openHealth({ host: '127.0.0.1', port: 0 });
  const status = async (path: string) => (await fetch(`${health.url}${path}`)).status;
  expect([await status('/healthz'), await status('/metrics')]).toEqual([200, 404]);
  await health.close();
});
