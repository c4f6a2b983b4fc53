/**
 * kafkajs 2.2 keeps two connections per broker, and whoever needs one that is not there opens it: of
 * several requests that come at once each opens a socket, the last one is kept, and the others stay
 * open for ever, which keeps a command from ending. So that a connection is opened once, whoever
 * comes while it is being opened waits for the same socket.
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
