/**
 * What must hold for every service of our compose file: a pinned image, no root, nothing published
 * beyond loopback, a health check. Pure, so a test can plant faults.
 */
import { parse } from 'yaml';

type Service = {
  image?: string;
  build?: { dockerfile?: string };
  user?: string;
  ports?: (string | { host_ip?: string })[];
  healthcheck?: { disable?: boolean; test?: unknown };
  network_mode?: string;
  privileged?: boolean;
};

/** @param dockerfile the text of a Dockerfile, by its path in the repository */
export function composeFindings(text: string, dockerfile: (path: string) => string): string[] {
  const { services } = parse(text, { merge: true }) as { services: Record<string, Service> };
  return Object.entries(services).flatMap(([name, service]) => {
    const path = service.build?.dockerfile;
    const built = service.build && dockerfileFacts(dockerfile(path ?? 'Dockerfile'));
    return [
      ...(built?.findings ?? imageFindings(service.image)),
      ...portFindings(service),
      ...(isRoot(service.user ?? built?.user) ? ['runs as root'] : []),
      ...(hasHealthcheck(service) || built?.healthcheck ? [] : ['has no health check']),
    ].map((finding) => `${name}: ${finding}`);
  });
}

/** @returns one sentence for each rule that a Dockerfile of ours breaks */
export function dockerfileFindings(text: string): string[] {
  const { findings, user, healthcheck } = dockerfileFacts(text);
  return [
    ...findings,
    ...(isRoot(user) ? ['runs as root'] : []),
    ...(healthcheck ? [] : ['has no health check']),
  ];
}

/** The user and the health check of the last stage count: the other stages are not shipped. */
function dockerfileFacts(text: string) {
  const lines = text.replaceAll('\\\n', ' ').split('\n');
  const defaults = new Map<string, string>();
  const stages = new Set<string>();
  const findings: string[] = [];
  let user: string | undefined;
  let healthcheck = false;
  for (const line of lines) {
    const [instruction = '', ...words] = line.trim().split(/\s+/);
    const verb = instruction.toUpperCase();
    if (verb === 'ARG') {
      const [, name = '', value] = /^(\w+)(?:=(.*))?$/.exec(words.join(' ')) ?? [];
      if (value !== undefined) defaults.set(name, value);
    }
    if (verb === 'FROM') {
      [user, healthcheck] = [undefined, false];
      const [reference = '', , alias] = words.filter((word) => !word.startsWith('--'));
      const image = reference.replace(/\$\{?(\w+)\}?/g, (_, name) => defaults.get(name) ?? '');
      if (!stages.has(image)) findings.push(...imageFindings(image));
      if (alias !== undefined) stages.add(alias);
    }
    if (verb === 'USER') user = words[0];
    if (verb === 'HEALTHCHECK') healthcheck = words[0]?.toUpperCase() !== 'NONE';
  }
  return { findings, user, healthcheck };
}

/** An exact version has at least two numbers; a major tag moves with every release. */
function imageFindings(image: string | undefined): string[] {
  if (image === undefined || image === '') return ['names no image'];
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return [];
  const tag = /:([^/:]+)$/.exec(image)?.[1];
  if (tag === undefined) return [`${image} has no tag`];
  return /^v?\d+\.\d+/.test(tag) ? [] : [`${image} is not pinned to an exact version`];
}

function portFindings({ ports = [], network_mode, privileged }: Service): string[] {
  const findings = ports
    .filter((port) => !isLoopback(port))
    .map((port) => `publishes ${JSON.stringify(port)} beyond loopback`);
  if (network_mode === 'host') findings.push("publishes every port: it is on the host's network");
  if (privileged === true) findings.push('is privileged');
  return findings;
}

function isLoopback(port: string | { host_ip?: string }): boolean {
  if (typeof port === 'object') return port.host_ip === '127.0.0.1' || port.host_ip === '::1';
  return /^(127\.0\.0\.1|\[::1\]):/.test(String(port));
}

/** Without a named user an image may run as root, so a user must be named. */
function isRoot(user: string | undefined): boolean {
  const name = String(user ?? '').split(':', 1)[0];
  return name === '' || name === 'root' || /^0+$/.test(name ?? '');
}

function hasHealthcheck({ healthcheck }: Service): boolean {
  return healthcheck?.test !== undefined && healthcheck.disable !== true;
}
