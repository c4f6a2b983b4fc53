/**
 * kafkajs 2.2 keeps two connections per broker and opens them on demand. If several requests come
 * at once, each of them opens a socket; the last one is kept, and the others stay open forever,
 * which keeps a command from ending. Here a request that comes while a connection is being opened
 * waits for that same connection.
 */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

type Connection = { connect(): Promise<boolean> };
const ConnectionClass: { prototype: Connection } = require('kafkajs/src/network/connection');

const { connect } = ConnectionClass.prototype;
const connecting = new WeakMap<Connection, Promise<boolean>>();

/** For every client of kafkajs in this process; may be called again. */
export function connectOnce(): void {
  ConnectionClass.prototype.connect = function (this: Connection): Promise<boolean> {
    let pending = connecting.get(this);
    if (pending === undefined) {
      pending = connect.call(this).finally(() => connecting.delete(this));
      connecting.set(this, pending);
    }
    return pending;
  };
}
