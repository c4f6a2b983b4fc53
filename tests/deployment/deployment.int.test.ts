/** The compose file and the Dockerfiles: anything that makes a deployment unsafe fails here. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { composeFindings, dockerfileFindings } from './deployment-policy.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CHECK = fileURLToPath(new URL('./compose-check', import.meta.url));
const OVERRIDE = 'deploy/compose.local.yml';
/** Fetching and compiling compose-go for the first time takes about 12 s on two cores. */
const BUILD_TIMEOUT_MS = 180_000;

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const compose = read('docker-compose.yml');
const noDockerfile = () => '';

describe('the policy on the deployment', () => {
  it('holds for the compose file', () => {
    expect(composeFindings(compose, read)).toEqual([]);
  });

  it('holds for every Dockerfile', () => {
    const paths = globSync('deploy/docker/*.Dockerfile', { cwd: ROOT });
    const findings = paths.flatMap((path) => dockerfileFindings(read(path)));
    expect({ files: paths.length, findings }).toEqual({ files: 3, findings: [] });
  });

  it('fails on an image without a version, as root, published to the world, unchecked', () => {
    const bad = `
services:
  untagged: { image: nginx, user: "101", healthcheck: { test: [CMD, "true"] } }
  latest: { image: "a.example:5000/nginx:latest", user: "101", healthcheck: { test: [CMD, "x"] } }
  major: { image: "node:26", user: node, healthcheck: { test: [CMD, "x"] } }
  rootless: { image: "nginx:1.29.1", healthcheck: { test: [CMD, "x"] } }
  root: { image: "nginx:1.29.1", user: "0:0", healthcheck: { test: [CMD, "x"] } }
  open: { image: "nginx:1.29.1", user: "101", ports: ["8080:80"], healthcheck: { test: x } }
  any: { image: "nginx:1.29.1", user: "101", ports: ["0.0.0.0:1:1"], healthcheck: { test: x } }
  long: { image: "nginx:1.29.1", user: "101", ports: [{ target: 1 }], healthcheck: { test: x } }
  host: { image: "nginx:1.29.1", user: "101", network_mode: host, healthcheck: { test: x } }
  blind: { image: "nginx:1.29.1", user: "101" }
  off: { image: "nginx:1.29.1", user: "101", healthcheck: { disable: true, test: x } }
`;
    expect(composeFindings(bad, noDockerfile)).toEqual([
      'untagged: nginx has no tag',
      'latest: a.example:5000/nginx:latest is not pinned to an exact version',
      'major: node:26 is not pinned to an exact version',
      'rootless: runs as root',
      'root: runs as root',
      'open: publishes "8080:80" beyond loopback',
      'any: publishes "0.0.0.0:1:1" beyond loopback',
      'long: publishes {"target":1} beyond loopback',
      "host: publishes every port: it is on the host's network",
      'blind: has no health check',
      'off: has no health check',
    ]);
  });

  it('fails on a Dockerfile whose last stage is unpinned, root and unchecked', () => {
    const bad = [
      'ARG BASE=node:latest',
      'FROM node:26.10.0 AS packages',
      'USER 10001',
      'HEALTHCHECK CMD ["true"]',
      'FROM $' + '{BASE}',
      'FROM packages',
    ].join('\n');
    expect(dockerfileFindings(bad)).toEqual([
      'node:latest is not pinned to an exact version',
      'runs as root',
      'has no health check',
    ]);
  });
});

/** Compose is written in Go: its own loader decides what a compose file may say. */
const unavailable = goUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: the compose check. ${unavailable}`);

describe.skipIf(unavailable !== null)('the compose check', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tollgate-compose-'));
    const built = spawnSync('go', ['build', '-o', join(folder, 'check'), '.'], {
      cwd: CHECK,
      encoding: 'utf8',
    });
    if (built.status !== 0) throw new Error(`go build: ${built.stderr}`);
    mkdirSync(join(folder, 'deploy'));
    cpSync(join(ROOT, 'deploy/tollgate.yaml'), join(folder, 'deploy/tollgate.yaml'));
    cpSync(join(ROOT, OVERRIDE), join(folder, OVERRIDE));
  }, BUILD_TIMEOUT_MS);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const check = (text: string, ...overrides: string[]) => {
    const file = join(folder, 'docker-compose.yml');
    writeFileSync(file, text);
    const files = [file, ...overrides.map((override) => join(folder, override))];
    const { status, stderr } = spawnSync(join(folder, 'check'), files, { encoding: 'utf8' });
    return { status, said: stderr };
  };

  it('accepts our compose file', () => {
    expect(check(compose)).toEqual({ status: 0, said: '' });
  });

  it('accepts the override for local images on it', () => {
    expect(check(compose, OVERRIDE)).toEqual({ status: 0, said: '' });
  });

  it.each([
    ['an unknown key', compose.replace('cap_drop:', 'cap_dropp:'), /cap_dropp/],
    ['a volume nobody defines', compose.replace('\n  kafka-data:\n', '\n'), /kafka-data/],
    ['a network nobody defines', compose.replace('\n  front:\n', '\n'), /front/],
    [
      'a secret nobody defines',
      compose.replace('\n  clickhouse_password: {', '\n  x: {'),
      /secret/,
    ],
    ['a start after nothing', compose.replace('      proxy-2: {', '      proxy-3: {'), /proxy-3/],
  ])('refuses %s', (_, planted, message) => {
    expect(planted).not.toBe(compose);
    const { status, said } = check(planted);
    expect(status).toBe(1);
    expect(said).toMatch(message);
  });
});

/** @returns why the check cannot be built here, or null */
function goUnavailable(): string | null {
  const go = spawnSync('go', ['mod', 'download'], { cwd: CHECK, encoding: 'utf8' });
  if (go.error !== undefined) return 'Go 1.24 or later is missing: see https://go.dev/doc/install';
  return go.status === 0 ? null : `Go could not fetch compose-go: ${go.stderr.trim()}`;
}
