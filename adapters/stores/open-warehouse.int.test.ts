import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { parseConfig } from '../config/load-config.ts';
import { openWarehouse } from './open-warehouse.ts';

const logger = { warn: () => undefined };

function open(clickhouse: object) {
  const config = parseConfig(
    'tollgate.yaml',
    JSON.stringify({ engines: { warehouse: { clickhouse } } }),
  );
  return openWarehouse({ config, data: 'unused', logger });
}

describe('the warehouse that the configuration names', () => {
  it.each([
    [{}, [undefined, undefined]],
    [{ compression: 'gzip' }, ['gzip', 'gzip']],
    [{ compression: 'zstd' }, ['zstd', 'zstd']],
  ])('rows go as %j says', async (setting, expected) => {
    const asked: IncomingMessage[] = [];
    const server = createServer((request, response) => {
      asked.push(request);
      request.resume().on('end', () => response.end('{"one":1}\n'));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const warehouse = await open({ url: `http://127.0.0.1:${port}`, ...setting });
    await warehouse.insertLines('tollgate.t', '{"n":1}\n');
    await warehouse.close();
    server.close();
    const [select, insert] = asked;
    expect([select?.headers['accept-encoding'], insert?.headers['content-encoding']]).toEqual(
      expected,
    );
  });

  it('the named certificate authority is read, and nothing is sent without it', async () => {
    const ca = { file: 'no-such-authority.pem' };
    const opening = open({ url: 'https://127.0.0.1:1', tls: { ca } });
    await expect(opening).rejects.toThrow('no-such-authority.pem');
  });
});
