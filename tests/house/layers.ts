/**
 * Who may import whom. The direction is domain, schemas, adapters, apps; vendors stay in adapters;
 * no module is in a cycle. Tests and measurements may import anything, and production never them.
 */
import { posix } from 'node:path';
import { type Finding, finding, isProduction, type SourceModule } from './source-tree.ts';

const APPS = [
  ...['audit', 'billing-api', 'cli', 'console', 'exporter', 'projector', 'proxy', 'standalone'],
];
const PACKAGES = new Map([
  ...['domain', 'schemas', 'adapters', 'simulator', 'tests', 'bench'].map((n) => [n, n] as const),
  ...APPS.map((name) => [name, `apps/${name}`] as const),
]);

/** For people at a terminal: what tests need as well has a room elsewhere. */
const DEMO = 'apps/standalone/demo/';

/** What each place may import of ours. A place is a package's folder. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: [],
  schemas: ['domain'],
  adapters: ['domain', 'schemas'],
  'apps/proxy': ['domain', 'schemas', 'adapters'],
  'apps/projector': ['domain', 'schemas', 'adapters'],
  'apps/billing-api': ['domain', 'schemas', 'adapters'],
  // It exports what was issued, by the read models of those who issued it.
  'apps/exporter': ['domain', 'schemas', 'adapters', 'apps/billing-api'],
  // A page uses the public API and nothing else of ours.
  'apps/console': ['schemas'],
  // It works out again what the projector and the billing API made.
  'apps/audit': ['domain', 'schemas', 'adapters', 'apps/billing-api', 'apps/projector'],
  'apps/cli': ['domain', 'schemas', 'adapters', 'apps/audit', 'apps/projector'],
  // The core process is a projector and a billing API. Where no provider is configured, the supervisor
  // starts the simulator as a child process.
  'apps/standalone': ['domain', 'schemas', 'adapters', 'apps/', 'simulator'],
  simulator: [],
};

/**
 * The schemas take types from the domain, and the one list that their fields follow from: a list of
 * names decides nothing.
 */
const VALUES_FOR_SCHEMAS: readonly string[] = ['domain/usage/quantities.ts'];

/** Every vendor that production may import, and where: the start of the importer's path. */
const VENDORS: Readonly<Record<string, readonly string[]>> = {
  '@smithy/signature-v4': ['adapters/provider/'],
  '@clickhouse/client': ['adapters/'],
  '@eventstore/db-client': ['adapters/'],
  '@opentelemetry/api': ['adapters/tracing/'],
  '@opentelemetry/exporter-trace-otlp-proto': ['adapters/tracing/'],
  '@opentelemetry/resources': ['adapters/tracing/'],
  '@opentelemetry/sdk-trace': ['adapters/tracing/'],
  '@pydantic/genai-prices': ['adapters/'],
  chdb: ['adapters/'],
  commander: ['apps/cli/'],
  fastify: ['apps/'],
  'get-east-asian-width': ['apps/cli/'],
  'gpt-tokenizer': ['adapters/'],
  iovalkey: ['adapters/'],
  kafkajs: ['adapters/'],
  'node:sqlite': ['adapters/'],
  openai: ['apps/standalone/'],
  pdfkit: ['adapters/documents/'],
  re2js: ['adapters/'],
  standardwebhooks: ['adapters/'],
  stripe: ['adapters/payments/'],
  undici: ['adapters/'],
  uqr: ['adapters/documents/'],
  yaml: ['adapters/'],
  zod: ['schemas/', 'apps/'],
};

export function checkLayers(modules: readonly SourceModule[]): Finding[] {
  const paths = new Set(modules.map((module) => module.path));
  const findings: Finding[] = [];
  for (const module of modules) {
    for (const edge of module.imports) {
      const message = objection(module, edge.specifier, edge.typeOnly, paths);
      if (message) findings.push(finding(module, edge.offset, 'layers', message));
    }
  }
  return [...findings, ...checkCycles(modules)];
}

function objection(
  module: SourceModule,
  specifier: string,
  typeOnly: boolean,
  paths: ReadonlySet<string>,
): string | undefined {
  const target = targetPath(module.path, specifier);
  if (target === undefined) {
    return isProduction(module.path) ? vendorObjection(module.path, specifier) : undefined;
  }
  if (!paths.has(target)) return `${specifier} names no file of this repository`;
  if (target.startsWith(DEMO) && !module.path.startsWith(DEMO)) {
    return `${specifier}: only the demo uses its own files; its scenario and the audit are shared`;
  }
  if (!isProduction(module.path)) return undefined;
  const [from, to] = [placeOf(module.path), placeOf(target)];
  if (!isProduction(target)) return `production code imports ${target}, which is test code`;
  if (from === to) {
    return specifier.startsWith('@') ? `${specifier}: import it relatively` : undefined;
  }
  if (specifier.startsWith('.')) return `${specifier}: another package is imported by its name`;
  if (!MAY_IMPORT[from]?.some((place) => to.startsWith(place))) {
    return `${from} may not import ${to} (${specifier})`;
  }
  if (from === 'schemas' && !typeOnly && !VALUES_FOR_SCHEMAS.includes(target))
    return `schemas may import only types of ${to}`;
  return undefined;
}

function vendorObjection(path: string, specifier: string): string | undefined {
  if (placeOf(path) === 'apps/console') return `apps/console may import schemas only`;
  const vendor = vendorOf(specifier);
  const places = VENDORS[vendor];
  if (places) {
    if (places.some((place) => path.startsWith(place))) return undefined;
    return `${vendor} may be imported only in ${places.join(' and ')}`;
  }
  if (!vendor.startsWith('node:')) return `${vendor} has no place yet: name it in VENDORS`;
  const pure = placeOf(path) === 'domain' || placeOf(path) === 'schemas';
  return pure ? `${placeOf(path)} may not import ${vendor}` : undefined;
}

/** `node:fs/promises` stays whole; `zod/mini` is zod, `@scope/name/sub` is @scope/name. */
function vendorOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

/** The file of ours that an import names, or undefined for Node's modules and vendors. */
export function targetPath(importer: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.join(posix.dirname(importer), specifier);
  const [, name, rest] = /^@tollgate\/([^/]+)\/(.+)$/.exec(specifier) ?? [];
  if (name === undefined || rest === undefined) return undefined;
  return `${PACKAGES.get(name) ?? name}/${rest}`;
}

function placeOf(path: string): string {
  const parts = path.split('/');
  return parts[0] === 'apps' ? parts.slice(0, 2).join('/') : (parts[0] ?? '');
}

/** Types count too: two files that need each other's types are one subject in two files. */
function checkCycles(modules: readonly SourceModule[]): Finding[] {
  const byPath = new Map(modules.map((module) => [module.path, module]));
  const done = new Set<string>();
  const findings: Finding[] = [];
  const visit = (module: SourceModule, trail: readonly string[]): void => {
    const start = trail.indexOf(module.path);
    if (start >= 0) {
      const cycle = [...trail.slice(start), module.path].join(' → ');
      findings.push(finding(module, 0, 'cycle', cycle));
    }
    if (start >= 0 || done.has(module.path)) return;
    for (const { specifier } of module.imports) {
      const target = byPath.get(targetPath(module.path, specifier) ?? '');
      if (target) visit(target, [...trail, module.path]);
    }
    done.add(module.path);
  };
  for (const module of modules) visit(module, []);
  return findings;
}
