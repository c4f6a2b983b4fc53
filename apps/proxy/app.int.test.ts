import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import { expect, it } from 'vitest';
import { buildProxy, type ProxyAppOptions } from './app.ts';
import { type CallOwner, Place } from './call/in-flight.ts';
import { LedgerView } from './ledger-view/ledger-view.ts';
import { proxyLimits } from './limits.ts';

const KEY = 'key_0123456789ABCDEFGHJKMNPQRS';
const HASH = 'a'.repeat(64);

it('a key that is revoked while the body of a call is on its way does not pass', async () => {
  const directory = new LedgerView(16);
  const apply = (type: string, data: object, revision: bigint) =>
    directory.apply({
      ...{ id: type, type, stream: `key-${KEY}`, revision, position: '', recordedAtMs: 0 },
      data: { key_id: KEY, ...data },
    });
  apply(
    'KeyIssued',
    {
      ...{ customer_id: 'cus_1', team_id: null, name: 'n', environment: 'live', tags: {} },
      ...{ last_four: 'abcd', on_disconnect: 'drain', expires_at: null },
      ...{ hash: HASH, pepper_version: 1 },
    },
    0n,
  );
  let served = 0;
  const secrets = {
    pepperVersions: [1],
    digestKey: () => ({ hash: HASH, pepper_version: 1 }),
  };
  const calls = {
    admit: () => null,
    enter: (key: CallOwner) => new Place({ left: () => undefined }, key),
    handle: async (...given: unknown[]) => {
      served++;
      (given[4] as { send(): void }).send();
    },
  };
  const app = buildProxy({
    deps: { directory, limits: proxyLimits, onRefused: () => undefined, secrets },
    calls,
    metrics: async () => '',
    health: async () => ({ ready: true, checks: {} }),
    logger: { error: () => undefined },
  } as unknown as ProxyAppOptions);
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as AddressInfo;
  const send = async (meanwhile: () => void) => {
    const socket = connect(port, '127.0.0.1');
    const secret = formatKeySecret('live', new Uint8Array(32).fill(7));
    const head = [
      'POST /v1/chat/completions HTTP/1.1',
      'host: x',
      `authorization: Bearer ${secret}`,
      'content-type: application/json',
      'content-length: 2',
    ];
    socket.write(`${head.join('\r\n')}\r\n\r\n{`);
    await sleep(300);
    meanwhile();
    socket.write('}');
    const [answer] = await once(socket, 'data');
    socket.destroy();
    return String(answer).slice(9, 12);
  };
  expect([await send(() => undefined), served]).toEqual(['200', 1]);
  const revoke = () => apply('KeyRevoked', { reason: null }, 1n);
  expect([await send(revoke), served]).toEqual(['401', 1]);
  await app.close();
});
