/**
 * A real Apache Kafka (KRaft) on loopback, of one or three nodes, each broker and controller in
 * one JVM, with its storage in a new folder. For tests, measurements and `kafka-main.ts`.
 *
 * Every node has two listeners: clients of `bootstrap` talk to it directly. Clients that come
 * through a proxy in front of `proxied` get the proxy's address from the broker, so that nothing
 * goes around the proxy.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePorts } from './free-ports.ts';
import { kafkaJars, keep } from './kafka-jars.ts';

/** Any 22 characters of base64 that encode 16 bytes. */
const CLUSTER_ID = 'VG9sbGdhdGVLYWZrYVRlcw';
/** A node is up after 2 to 7 s; after this time it counts as failed, ms. */
/** Three virtual machines that start on two busy cores need more than a minute. */
const READY_TIMEOUT_MS = 180_000;
const READY_POLL_MS = 50;
/** A controlled shutdown takes 1 to 2 s; a node that hangs is killed, ms. */
const STOP_TIMEOUT_MS = 15_000;
const JVM = ['-Xms128m', '-Xmx512m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'];

const LOGGING = `rootLogger.level = INFO
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d %p %m (%c)%n
`;

export type KafkaOptions = {
  nodes?: 1 | 3;
  /** Ports, one per node, of proxies that lead to `proxied`. */
  proxyPorts?: readonly number[];
  /** Further lines of every node's server.properties. */
  properties?: Readonly<Record<string, string>>;
};

export type KafkaEngine = {
  /** host:port of every node. */
  bootstrap: string[];
  /** Ports of the second listener of every node: where proxies lead to. */
  proxied: number[];
  /** SIGKILL; resolves when it is gone. Nodes count from 0. */
  kill(node: number): Promise<void>;
  /** Starts a killed node on its old folder; resolves when it serves. */
  restart(node: number): Promise<void>;
  /** SIGSTOP and SIGCONT to every node. */
  pause(): void;
  resume(): void;
  /** The storage of all nodes. */
  folder: string;
  /** Stops every node and removes the storage. */
  stop(): Promise<void>;
};

type Node = {
  folder: string;
  ports: { client: number; proxied: number; controller: number };
  process: ChildProcess | null;
};

/** @throws Error with the end of the node's log if it does not start */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaEngine> {
  const jars = kafkaJars();
  const root = mkdtempSync(join(tmpdir(), 'tollgate-kafka-'));
  writeFileSync(join(root, 'log4j2.properties'), LOGGING);
  const nodes = await makeNodes(root, options.nodes ?? 1);
  const launch = async (node: Node) => {
    node.process = spawnNode(node, root, jars);
    await waitUntilServing(node);
  };
  const stop = async () => {
    await Promise.all(nodes.map((node) => end(node, 'SIGTERM')));
    process.off('exit', killAll);
    rmSync(root, { recursive: true, force: true });
  };
  const killAll = () => {
    for (const node of nodes) node.process?.kill('SIGKILL');
  };
  process.once('exit', killAll);
  try {
    for (const [id, node] of nodes.entries()) {
      writeFileSync(join(node.folder, 'server.properties'), propertiesOf(id, nodes, options));
      format(id, node, jars);
    }
    await Promise.all(nodes.map(launch));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    bootstrap: nodes.map(({ ports }) => `127.0.0.1:${ports.client}`),
    proxied: nodes.map(({ ports }) => ports.proxied),
    kill: (id) => end(nodes[id] as Node, 'SIGKILL'),
    restart: (id) => launch(nodes[id] as Node),
    pause: () => nodes.forEach(({ process: node }) => void node?.kill('SIGSTOP')),
    resume: () => nodes.forEach(({ process: node }) => void node?.kill('SIGCONT')),
    folder: root,
    stop,
  };
}

async function makeNodes(root: string, count: number): Promise<Node[]> {
  const ports = await freePorts(count * 3);
  return Array.from({ length: count }, (_, id) => {
    const folder = join(root, `node-${id}`);
    mkdirSync(folder);
    const [client = 0, proxied = 0, controller = 0] = ports.slice(id * 3, id * 3 + 3);
    return { folder, ports: { client, proxied, controller }, process: null };
  });
}

function propertiesOf(id: number, nodes: readonly Node[], options: KafkaOptions): string {
  const { folder, ports } = nodes[id] as Node;
  const replicas = String(nodes.length);
  const inSync = String(Math.max(1, nodes.length - 1));
  const proxy = options.proxyPorts?.[id] ?? ports.proxied;
  const at = (name: string, port: number) => `${name}://127.0.0.1:${port}`;
  const properties: Record<string, string> = {
    'process.roles': 'broker,controller',
    'node.id': String(id),
    'log.dirs': join(folder, 'data'),
    'controller.quorum.voters': nodes
      .map((node, index) => `${index}@127.0.0.1:${node.ports.controller}`)
      .join(','),
    listeners: [
      at('DIRECT', ports.client),
      at('PROXIED', ports.proxied),
      at('CONTROLLER', ports.controller),
    ].join(','),
    'advertised.listeners': `${at('DIRECT', ports.client)},${at('PROXIED', proxy)}`,
    'listener.security.protocol.map': 'DIRECT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'DIRECT',
    'auto.create.topics.enable': 'false',
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': '8',
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'share.coordinator.state.topic.replication.factor': replicas,
    'share.coordinator.state.topic.min.isr': inSync,
    'group.initial.rebalance.delay.ms': '0',
    // The defaults do not fit into a small heap.
    'log.cleaner.dedupe.buffer.size': '2097152',
    'log.cleaner.io.buffer.size': '65536',
    // A killed node may come back on its folder within a few seconds; the default is twelve.
    'broker.session.timeout.ms': '2000',
    'broker.heartbeat.interval.ms': '250',
    ...options.properties,
  };
  return Object.entries(properties)
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/**
 * Formats its storage by Kafka's own tool, once on this machine: that starts a virtual machine of its own.
 * Of another node only its number and the name of its folder differ.
 */
function format(id: number, node: Node, jars: string): void {
  const storage = join(node.folder, 'data');
  const kept = `${jars}-formatted`;
  if (!existsSync(kept)) {
    const file = join(node.folder, 'server.properties');
    const tool = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file];
    const done = spawnSync('java', ['-Xmx64m', ...JVM.slice(2), '-cp', `${jars}/*`, ...tool], {
      encoding: 'utf8',
    });
    if (done.status !== 0) throw new Error(`kafka format failed: ${done.stdout} ${done.stderr}`);
    const copy = mkdtempSync(`${kept}-`);
    cpSync(storage, copy, { recursive: true });
    keep(copy, kept);
    return;
  }
  cpSync(kept, storage, { recursive: true });
  const meta = join(storage, 'meta.properties');
  const own = readFileSync(meta, 'utf8')
    .replace(/^node\.id=.*$/m, `node.id=${id}`)
    .replace(/^directory\.id=.*$/m, `directory.id=${randomBytes(16).toString('base64url')}`);
  writeFileSync(meta, own);
}

function spawnNode(node: Node, root: string, jars: string): ChildProcess {
  const output = openSync(join(node.folder, 'output.log'), 'w');
  const logging = `-Dlog4j2.configurationFile=file:${join(root, 'log4j2.properties')}`;
  const args = ['-cp', `${jars}/*`, 'kafka.Kafka', join(node.folder, 'server.properties')];
  const child = spawn('java', [...JVM, logging, ...args], { stdio: ['ignore', output, output] });
  closeSync(output);
  return child;
}

async function waitUntilServing(node: Node): Promise<void> {
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  for (;;) {
    const log = readFileSync(join(node.folder, 'output.log'), 'utf8');
    if (log.includes('Kafka Server started')) return;
    const ended = node.process === null || node.process.exitCode !== null;
    if (ended || performance.now() > deadlineMs) {
      throw new Error(`a Kafka node does not start:\n${log.slice(-4_000)}`);
    }
    await sleep(READY_POLL_MS);
  }
}

async function end(node: Node, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  const child = node.process;
  node.process = null;
  if (child === null || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(late);
}
