/**
 * A STAND-IN for EventStoreDB / KurrentDB, for tests where no server can be installed: not a
 * database. It speaks the gRPC of the official client, whose service definitions it uses, and keeps
 * the documented rules that the ledger relies on: event-store.ts, subscription.ts. One node, no
 * TLS, no users, no deletion, no stream subscriptions, no persistent ones.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { GossipService } from '@eventstore/db-client/generated/gossip_grpc_pb.js';
import gossipPb from '@eventstore/db-client/generated/gossip_pb.js';
import { ServerFeaturesService } from '@eventstore/db-client/generated/serverfeatures_grpc_pb.js';
import featuresPb from '@eventstore/db-client/generated/serverfeatures_pb.js';
import { StreamsService } from '@eventstore/db-client/generated/streams_grpc_pb.js';
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js';
import { serveAppend, serveBatchAppend } from './append-calls.ts';
import { EventStore } from './event-store.ts';
import { Faults } from './faults.ts';
import { serveRead } from './read-calls.ts';
import type { AllSubscription } from './subscription.ts';

/** Bytes of a message: above the server's MaxAppendSize, so a larger append can be refused. */
const MESSAGE_BYTES_MAX = 17 * 1024 * 1024;
const BIND_TRIES_MAX = 50;
const BIND_PAUSE_MS = 20;

export type EventStoreStandIn = {
  port: number;
  connectionString: string;
  faults: Faults;
  /** Cuts all connections; new ones are served. */
  dropConnections(): Promise<void>;
  /** Ends all subscriptions normally, like a server that shuts down. */
  endSubscriptions(): void;
  /** Like a killed process: connections are cut, nothing listens. The state is kept for `start`. */
  halt(): void;
  /** On the same port again. */
  start(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * @param options.host default: loopback
 * @param options.port 0 or missing: a free one
 * @param options.dataFile appends are durable in it; missing: in memory
 */
export async function startEventStoreStandIn(
  options: { host?: string; port?: number; dataFile?: string } = {},
): Promise<EventStoreStandIn> {
  const store = new EventStore(options.dataFile ?? null);
  const faults = new Faults();
  const subscriptions = new Set<AllSubscription>();
  const pumpAll = () => {
    for (const subscription of subscriptions) subscription.pump();
  };
  store.onAppended(pumpAll);
  const host = options.host ?? '127.0.0.1';
  let bound = options.port ?? 0;
  const listen = async (): Promise<Server> => {
    const next = serverOf(store, faults, subscriptions, () => bound);
    bound = await bind(next, host, bound);
    return next;
  };
  let server = await listen();
  const halt = () => {
    server.forceShutdown();
    subscriptions.clear();
  };
  const start = async () => {
    server = await listen();
  };
  let dropping = Promise.resolve();
  return {
    port: bound,
    connectionString: `esdb://${host}:${bound}?tls=false`,
    faults,
    dropConnections() {
      dropping = dropping.then(halt).then(start);
      return dropping;
    },
    endSubscriptions() {
      for (const subscription of subscriptions) subscription.end();
    },
    halt,
    start,
    async stop() {
      halt();
      store.close();
    },
  };
}

function serverOf(
  store: EventStore,
  faults: Faults,
  subscriptions: Set<AllSubscription>,
  port: () => number,
): Server {
  const server = new Server({
    'grpc.max_receive_message_length': MESSAGE_BYTES_MAX,
    'grpc.max_send_message_length': MESSAGE_BYTES_MAX,
    // A restarted server must not share its port with the one that it replaces.
    'grpc.so_reuseport': 0,
  });
  server.addService(StreamsService, {
    append: serveAppend(store, faults),
    batchAppend: serveBatchAppend(store, faults),
    read: serveRead(store, faults, subscriptions),
  });
  server.addService(ServerFeaturesService, {
    getSupportedMethods(_: unknown, answer: sendUnaryData<unknown>) {
      answer(null, supportedMethods());
    },
  });
  server.addService(GossipService, {
    read(_: unknown, answer: sendUnaryData<unknown>) {
      answer(null, clusterOfOne(port()));
    },
  });
  return server;
}

/** Waits for a port that a server used until a moment ago. */
async function bind(server: Server, host: string, port: number): Promise<number> {
  const credentials = ServerCredentials.createInsecure();
  const listen = promisify(server.bindAsync.bind(server));
  for (let tries = 1; ; tries++) {
    try {
      return await listen(`${host}:${port}`, credentials);
    } catch (error) {
      if (tries === BIND_TRIES_MAX) throw error;
      await sleep(BIND_PAUSE_MS);
    }
  }
}

function supportedMethods() {
  const methods = new featuresPb.SupportedMethods();
  methods.setEventStoreServerVersion('stand-in');
  const names = ['read', 'append', 'batchappend'];
  const list = names.map((name) => {
    const method = new featuresPb.SupportedMethod();
    method.setServiceName('event_store.client.streams.streams');
    method.setMethodName(name);
    return method;
  });
  methods.setMethodsList(list);
  return methods;
}

function clusterOfOne(port: number) {
  const endPoint = new gossipPb.EndPoint();
  endPoint.setAddress('127.0.0.1');
  endPoint.setPort(port);
  const member = new gossipPb.MemberInfo();
  member.setState(gossipPb.MemberInfo.VNodeState.LEADER);
  member.setIsAlive(true);
  member.setHttpEndPoint(endPoint);
  const cluster = new gossipPb.ClusterInfo();
  cluster.setMembersList([member]);
  return cluster;
}
