/** The machine: Node, file descriptors, the disk, ports, files with secrets. */
import { secretsPath } from '@tollgate/adapters/config/data-folder.ts';
import { secretsOf } from '@tollgate/schemas/config/provider-keys.ts';
import { type Finding, ok, problem, unknown, warning } from '../finding.ts';
import type { Check, Sight } from '../sight.ts';

const NODE_MAJOR_MIN = 26;
/** A proxy has a socket to each client and one to a provider. */
const OPEN_FILES_MIN = 8_192;
const MIB = 1_048_576;
/** Below this no start is possible, and proxies are not ready (apps/standalone/limits.ts). */
const DISK_FULL_BYTES = 64 * MIB;
const DISK_LOW_BYTES = 1_024 * MIB;

export const checkNode: Check = ({ nodeVersion }) => {
  const major = Number.parseInt(nodeVersion, 10);
  if (major >= NODE_MAJOR_MIN) return [ok('node', `Node ${nodeVersion}`)];
  const what = `Node ${nodeVersion} is too old: Tollgate needs ${NODE_MAJOR_MIN}`;
  return [
    problem('node', what, 'Start it by `npx tollgate` or npm, which use the Node of the packages.'),
  ];
};

export const checkOpenFiles: Check = (sight) => {
  const most = sight.openFilesMax();
  if (most === null)
    return [unknown('open_files', 'the system does not say how many files may be open')];
  if (most >= OPEN_FILES_MIN) return [ok('open_files', `${most} files may be open`)];
  return [
    warning(
      'open_files',
      `only ${most} files may be open: that is about ${Math.floor(most / 2)} calls at once`,
      `\`ulimit -n ${OPEN_FILES_MIN}\` in the shell that starts it, or LimitNOFILE= of its unit.`,
    ),
  ];
};

export const checkDisk: Check = async (sight) => {
  const { data } = await sight.installation();
  const free = sight.freeBytes(data);
  if (free === null) return [unknown('disk', `${data} is not there`)];
  const room = `${Math.floor(free / MIB)} MiB free for ${data}`;
  const advice = 'Make room on that disk, or move the data folder while Tollgate is stopped.';
  if (free < DISK_FULL_BYTES) {
    return [problem('disk', `${room}: proxies refuse calls rather than lose a record`, advice)];
  }
  return free < DISK_LOW_BYTES ? [warning('disk', `only ${room}`, advice)] : [ok('disk', room)];
};

export const checkPorts: Check = async (sight) => {
  const { config, data } = await sight.installation();
  if (sight.isRunning(data)) return [ok('ports', 'Tollgate runs, and has its ports')];
  const ports = [
    ['proxy_port', config.proxy_port],
    ['api_port', config.api_port],
  ] as const;
  const findings = await Promise.all(
    ports.map(async ([field, port]) =>
      port === 0 || (await sight.portIsFree(config.host, port))
        ? ok('ports', `${field} ${port} is free`)
        : problem(
            'ports',
            `${field} ${port} on ${config.host} is in use by another process`,
            `End that process (\`ss -ltnp | grep :${port}\` names it), or choose another \`${field}\`.`,
          ),
    ),
  );
  return findings;
};

export const checkPrivateFiles: Check = async (sight) => {
  const { config, data } = await sight.installation();
  const { token } = await sight.connection();
  const secrets = Object.values(config.providers)
    .flatMap((provider) => secretsOf(provider))
    .flatMap(({ secret }) => ('file' in secret ? [secret.file] : []));
  const files = [
    ...(token !== null && 'file' in token ? [token.file] : []),
    ...[sight.profilesPath, secretsPath(config, data), ...secrets],
  ];
  const findings = [...new Set(files)].flatMap((path) => fileFinding(sight, path));
  return findings.length > 0
    ? findings
    : [ok('private_files', 'files with secrets are their owner’s')];
};

function fileFinding(sight: Sight, path: string): Finding[] {
  const advice = `\`chmod 600 ${path}\`; replace what is in it if others may have seen it.`;
  switch (sight.readersOf(path)) {
    case 'everybody':
      return [
        problem('private_files', `${path} can be read by every user of this machine`, advice),
      ];
    case 'group':
      return [warning('private_files', `${path} can be read by its group`, advice)];
    default:
      return [];
  }
}
