/** The running processes, by what they say and count of themselves. */
import { resolveSecret } from '@tollgate/adapters/config/load-config.ts';
import { type Finding, ok, problem, unknown, warning } from '../finding.ts';
import { type Metrics, readMetrics } from '../metrics.ts';
import type { Check, Sight } from '../sight.ts';

const LAG_RECORDS_MAX = 10_000;
/** A proxy refuses calls when it has not heard of the ledger for so long, nearly (apps/proxy/limits.ts). */
const LEDGER_AGE_S_MAX = 5;

type Server = 'billing API' | 'proxy';

export const checkProcesses: Check = async (sight) => {
  const { apiUrl, proxyUrl } = await sight.connection();
  const servers = [
    ['billing API', apiUrl],
    ...(proxyUrl === null ? [] : [['proxy', proxyUrl] as const]),
  ] as [Server, string][];
  const findings = await Promise.all(
    servers.map(([name, url]) => serverFindings(sight, name, url)),
  );
  return findings.flat();
};

async function serverFindings(sight: Sight, name: Server, url: string): Promise<Finding[]> {
  const ready = await sight.ask(`${url}/readyz`).catch(() => undefined);
  if (ready === undefined) {
    const advice = 'Start it (`tollgate start`), or say where it is (`tollgate profiles show`).';
    return [problem('processes', `no ${name} answers at ${url}`, advice)];
  }
  return [
    ...readyFindings(name, ready.status, ready.text),
    ...(await metricsFindings(sight, name, url)),
  ];
}

const ADVICE: Readonly<Record<string, [check: string, advice: string]>> = {
  projector_lag: [
    'projector_lag',
    'Look at the log of the projector; a warehouse that is away comes first.',
  ],
  ledger: [
    'ledger_view',
    'It does not hear of the ledger: see whether that runs, and is reachable from there.',
  ],
  disk: ['disk', 'Make room on the disk of that process.'],
  log: ['log', 'Bring the log back; usage waits in the journals of the proxies meanwhile.'],
  warehouse: ['warehouse', 'Bring the warehouse back; nothing is lost meanwhile.'],
};

function readyFindings(name: Server, status: number, text: string): Finding[] {
  const { checks } = parsed(text) as { checks?: Record<string, string | number> };
  if (checks === undefined) {
    const advice =
      'Is that the address of Tollgate? `tollgate profiles show` says where it comes from.';
    return [problem('processes', `the ${name} says nothing that a Tollgate would say`, advice)];
  }
  const bad = Object.entries(checks).filter(([, said]) => !/^(ok|\d+)$/.test(String(said)));
  if (bad.length === 0 && status === 200) return [ok('processes', `the ${name} is ready`)];
  return bad.map(([part, said]) => {
    const [check, advice] = ADVICE[part] ?? [
      'processes',
      'docs/operations.md, What failures look like.',
    ];
    return problem(check, `the ${name} says of ${part}: ${said}`, advice);
  });
}

function parsed(text: string): object {
  try {
    return (JSON.parse(text) ?? {}) as object;
  } catch {
    return {};
  }
}

async function metricsFindings(sight: Sight, name: Server, url: string): Promise<Finding[]> {
  const { config } = await sight.installation();
  const { metrics_token } = config;
  const token =
    metrics_token === undefined ? undefined : resolveSecret(metrics_token, sight.environment);
  const answer = await sight.ask(`${url}/metrics`, token).catch(() => undefined);
  if (answer?.status !== 200)
    return [unknown('metrics', `the ${name} does not tell what it measures`)];
  const metrics = readMetrics(answer.text);
  return [
    ...lagFindings(metrics),
    ...ledgerFindings(metrics),
    ...downFindings(metrics),
    ...versionFindings(metrics, sight.version),
  ];
}

function lagFindings(metrics: Metrics): Finding[] {
  const samples = metrics.get('tollgate_projector_lag_records') ?? [];
  const lag = samples.reduce((sum, { value }) => sum + value, 0);
  if (samples.length === 0) return [];
  if (lag <= LAG_RECORDS_MAX)
    return [ok('projector_lag', `${lag} records are on their way to the warehouse`)];
  const advice =
    'Is the warehouse slow or away? Otherwise add projectors, up to the number of partitions.';
  return [
    warning('projector_lag', `the projectors are ${lag} records behind: reports are late`, advice),
  ];
}

function ledgerFindings(metrics: Metrics): Finding[] {
  const old = (metrics.get('tollgate_ledger_age_seconds') ?? []).filter(
    ({ value }) => value > LEDGER_AGE_S_MAX,
  );
  return old.map(({ labels, value }) =>
    problem(
      'ledger_view',
      `${processOf(labels)} has not heard of the ledger for ${Math.round(value)} s: it serves by what it knew then`,
      'After 30 s it refuses calls. See whether the ledger runs, and is reachable from there.',
    ),
  );
}

function downFindings(metrics: Metrics): Finding[] {
  const down = (metrics.get('tollgate_process_up') ?? []).filter(({ value }) => value === 0);
  const away = (metrics.get('tollgate_rate_store_away') ?? []).filter(({ value }) => value === 1);
  return [
    ...down.map(({ labels }) =>
      problem(
        'processes',
        `${processOf(labels)} does not answer its supervisor`,
        `Its log says why: run/${processOf(labels)}.log.`,
      ),
    ),
    ...away.map(({ labels }) =>
      problem(
        'rate_store',
        `the store of rates is away from ${processOf(labels)}`,
        'Bring it back: limits that are `closed` refuse every call.',
      ),
    ),
  ];
}

function versionFindings(metrics: Metrics, ours: string): Finding[] {
  const builds = metrics.get('tollgate_build_info') ?? [];
  const versions = new Map<string, string[]>();
  for (const { labels } of builds) {
    const version = labels['version'] ?? 'unknown';
    versions.set(version, [...(versions.get(version) ?? []), processOf(labels)]);
  }
  if (versions.size === 0) return [];
  const isEven = versions.size === 1 && versions.has(ours);
  if (isEven) return [ok('versions', `all processes are of version ${ours}`)];
  const list = [...versions]
    .map(([version, names]) => `${version}: ${names.join(', ')}`)
    .join('; ');
  const advice =
    'End the upgrade: billing API, then projectors, then proxies (docs/operations.md, Upgrade).';
  return [
    warning(
      'versions',
      `processes are of several versions (${list}), this command of ${ours}`,
      advice,
    ),
  ];
}

const processOf = (labels: Readonly<Record<string, string>>) => labels['process'] ?? 'a process';
