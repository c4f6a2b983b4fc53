/** Our images, and substitutes for images that cannot be pulled, all on the local base. */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { kafkaJars, kafkaUnavailable } from '../engines/kafka-jars.ts';
import { BASE } from './base-image.ts';
import type { Podman } from './podman.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const IMAGES = join(import.meta.dirname, 'images');
export const OURS = ['proxy', 'projector', 'billing-api'] as const;
/** As deploy/compose.local.yml names it. */
export const KAFKA_IMAGE = localName('kafka');
/** An image takes 15 to 40 s on two cores, ms. */
const BUILD_TIMEOUT_MS = 400_000;
const HARDENED = ['--rm', '--read-only', '--cap-drop=ALL', '--network=none'];
/** Exits non-zero if it is root, finds the engine, can write to the root or cannot strip types. */
const LOOK_INSIDE = `set -eu
test "$(id -u)" = 10001
test ! -e node_modules/chdb
! touch /app/x 2>/dev/null
node -e "import('@tollgate/domain/money/money.ts')"`;

function localName(name: string): string {
  return `localhost/tollgate/${name}:local`;
}

/** @param app one of ours, from the Dockerfile that is shipped */
export function buildOurs(podman: Podman, app: string): Promise<string> {
  return build(podman, join(ROOT, `deploy/docker/${app}.Dockerfile`), app, ROOT);
}

/** @throws Error if the image can do more than it should */
export function lookInside(podman: Podman, app: string): Promise<string> {
  const args = ['run', ...HARDENED, '--entrypoint=sh', localName(app), '-c', LOOK_INSIDE];
  return podman.run(args, 60_000);
}

/** @param folder for the context: the jars are fetched by this machine's Maven, not in the build */
export async function buildKafka(podman: Podman, folder: string): Promise<void> {
  const unavailable = kafkaUnavailable();
  if (unavailable !== null) throw new Error(unavailable);
  const context = join(folder, 'kafka');
  mkdirSync(context);
  cpSync(IMAGES, context, { recursive: true });
  cpSync(kafkaJars(), join(context, 'libs'), { recursive: true });
  await build(podman, join(IMAGES, 'kafka.Dockerfile'), 'kafka', context);
}

/** The stand-ins of our tests and ClickHouse's engine, in one image. */
export function buildEngines(podman: Podman): Promise<string> {
  return build(podman, join(IMAGES, 'engines.Dockerfile'), 'engines', ROOT);
}

export function buildHaproxy(podman: Podman): Promise<string> {
  return build(podman, join(IMAGES, 'haproxy.Dockerfile'), 'haproxy', IMAGES);
}

export function buildValkey(podman: Podman): Promise<string> {
  return build(podman, join(IMAGES, 'valkey.Dockerfile'), 'valkey', IMAGES);
}

function build(podman: Podman, file: string, name: string, context: string): Promise<string> {
  const flags = ['--format=docker', '--network=host', '--pull=never', `--build-arg=BASE=${BASE}`];
  const args = ['build', ...flags, '-f', file, '-t', localName(name), context];
  return podman.run(args, BUILD_TIMEOUT_MS);
}
