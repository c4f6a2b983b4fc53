/**
 * `npm run test:containers`: builds our images on a local base with podman, brings
 * docker-compose.yml up on them with deploy/compose.local.yml, makes calls through it and closes a
 * period; then runs the stores' contracts on containers. Each step is printed with its time; a step
 * that does not run is listed as skipped, with the reason. Everything is taken down at the end,
 * also after a failure, SIGINT or SIGTERM.
 */
import { mkdtempSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../engines/free-ports.ts';
import { BASE, makeBaseImage } from './base-image.ts';
import { closeAndCompare, makeCalls, makeKey, type Running } from './call-and-close.ts';
import { composeClient } from './compose-client.ts';
import { type ComposeProject, composeProject } from './compose-project.ts';
import { runContracts } from './contracts.ts';
import {
  buildEngines,
  buildHaproxy,
  buildKafka,
  buildOurs,
  buildValkey,
  lookInside,
  OURS,
} from './local-images.ts';
import { type Podman, podmanUnavailable, startPodman } from './podman.ts';
import { Steps } from './steps.ts';

const abort = new AbortController();
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => abort.abort(new Error(`ended by ${name}`)));
}
const { signal } = abort;
const steps = new Steps(signal);

async function main(): Promise<void> {
  const unavailable = podmanUnavailable();
  if (unavailable !== null) return steps.skip('everything', unavailable);
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'tollgate-containers-')));
  const podman = await startPodman(folder, signal);
  try {
    const base = () => makeBaseImage(podman, folder, process.execPath, signal);
    if (!(await steps.run(`base image ${BASE} by debootstrap`, base))) return;
    const ours = await buildAllOfOurs(podman);
    const kafka = await steps.run('build Kafka from its jars', () => buildKafka(podman, folder));
    const engines = await steps.run('build the stand-ins', () => buildEngines(podman));
    const haproxy = await steps.run('build HAProxy from Debian', () => buildHaproxy(podman));
    const valkey = await steps.run('build Redis from Debian', () => buildValkey(podman));
    if (ours && kafka && engines && haproxy && valkey) await compose(podman, folder);
    else steps.skip('the compose file as a whole', 'an image of it could not be built');
    await runContracts(steps, podman, folder, kafka, signal);
  } finally {
    await steps.always('containers, networks, volumes and images removed', podman.stop);
  }
}

async function buildAllOfOurs(podman: Podman): Promise<boolean> {
  let all = true;
  for (const app of OURS) {
    all =
      (await steps.run(`build ${app}`, () => buildOurs(podman, app))) &&
      (await steps.run(`${app}: not root, read-only, without chDB`, () =>
        lookInside(podman, app),
      )) &&
      all;
  }
  return all;
}

async function compose(podman: Podman, folder: string): Promise<void> {
  let client: Awaited<ReturnType<typeof composeClient>> = '';
  const found = await steps.run(
    'a Compose client, built from its Go modules if need be',
    async () => {
      client = await composeClient(signal);
      return typeof client === 'string' ? client : client.about;
    },
  );
  if (!found) return;
  if (typeof client === 'string') return steps.skip('the compose file as a whole', client);
  const [gateway = 0, api = 0] = await freePorts(2);
  const project = composeProject(client, podman, join(folder, 'project'), { gateway, api }, signal);
  const running: Running = {
    gatewayUrl: `http://127.0.0.1:${gateway}`,
    apiUrl: `http://127.0.0.1:${api}`,
    adminToken: project.adminToken,
    async bill() {
      const text = await project.exec('simulator', ['cat', '/data/bill.jsonl']);
      return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
    },
  };
  try {
    await throughTheProduct(project, running);
  } finally {
    await steps.always('docker compose down', () => project.down());
  }
}

/** Each step needs the one before it. */
async function throughTheProduct(project: ComposeProject, running: Running): Promise<void> {
  const startMs = Date.now() - 1_000;
  let key: Awaited<ReturnType<typeof makeKey>> | undefined;
  const works =
    (await steps.run('docker compose up --wait', () => project.up())) &&
    (await steps.run('a customer, a key and a budget by the API', async () => {
      key = await makeKey(running);
    })) &&
    (await steps.run('calls by the openai SDK through the gateway', async () => {
      if (key !== undefined) await makeCalls(running, key);
    })) &&
    (await steps.run('the period is closed; the invoice is the bill', async () =>
      key === undefined ? '' : await closeAndCompare(running, key, startMs),
    ));
  if (!works && !signal.aborted) console.log(await project.logs());
}

try {
  await main();
} catch (error) {
  steps.fail('the run', error);
}
process.exitCode = steps.finish();
