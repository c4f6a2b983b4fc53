import { afterEach, beforeEach, expect, it } from 'vitest';
import { type HealthServer, healthServer } from './health-server.ts';
import type { Projector } from './projector.ts';
import { MemoryWarehouse } from './testing/memory-warehouse.ts';
import { attempt, type House, openHouse } from './testing/projector-house.ts';

let house: House;
let projector: Projector;
let server: HealthServer;
beforeEach(async () => {
  house = await openHouse(4, new MemoryWarehouse());
  await house.append([attempt()]);
  projector = await house.start('p1', { limits: { idleMs: 1 } });
  await projector.caughtUp();
  server = await healthServer(projector, { host: '127.0.0.1', port: 0 });
});
afterEach(async () => {
  await server.close();
  await projector.stop();
  await house.close();
});

async function get(path: string): Promise<[number, string | null, string]> {
  const response = await fetch(server.url + path);
  return [response.status, response.headers.get('content-type'), await response.text()];
}

it('tells an orchestrator that it lives, what it owns and how far it is', async () => {
  const json = 'application/json';
  expect(await get('/healthz')).toEqual([200, json, '{"status":"ok"}']);
  const ready = '{"ready":true,"checks":{"partitions":4,"lag":"0"}}';
  expect(await get('/readyz?verbose')).toEqual([200, json, ready]);
  expect(await get('/metrics')).toEqual([
    200,
    'text/plain; version=0.0.4',
    expect.stringContaining('tollgate_projector_lag_records 0\n'),
  ]);
  expect(await get('/')).toEqual([404, json, expect.stringContaining('unknown path')]);
});

it('listens where it was told, or says why it cannot', async () => {
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  const taken = Number(new URL(server.url).port);
  await expect(healthServer(projector, { host: '127.0.0.1', port: taken })).rejects.toThrow(
    'EADDRINUSE',
  );
});

it('closes although a client keeps its connection open', async () => {
  await get('/healthz');
  await server.close();
  await expect(get('/healthz')).rejects.toThrow();
  server = await healthServer(projector, { host: '127.0.0.1', port: 0 });
});
