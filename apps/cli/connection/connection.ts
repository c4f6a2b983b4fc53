/**
 * Which installation a command talks to. A connection comes whole from one place, so that no token goes to
 * the address of another installation: the profile that is named, else the environment, else the default
 * profile, else the configuration on this machine. `--api-url` and `--token-file` replace a part of it, and
 * are the caller's own word.
 */
import { CommandError, UsageError } from '../errors.ts';
import type { Environment, Installation } from '../surroundings.ts';
import { tokenFromKeychain } from './keychain.ts';
import { readPrivateFile } from './private-file.ts';
import { type Profile, profilesPath, readProfiles, type TokenPlace } from './profiles.ts';

/** The variable of the admin token, as README.md has it too. */
const TOKEN_VARIABLE = 'TOLLGATE_ADMIN_TOKEN';

export type Connection = {
  apiUrl: string;
  proxyUrl: string | null;
  token: TokenPlace | null;
  timeZone: string | null;
  /** For people: where this was found. */
  source: string;
};

export type ConnectionOptions = {
  profile?: string | undefined;
  apiUrl?: string | undefined;
  tokenFile?: string | undefined;
};

/** @throws CommandError */
export async function findConnection(
  options: ConnectionOptions,
  environment: Environment,
  installation: () => Promise<Installation>,
  warn: (line: string) => void,
): Promise<Connection> {
  const found = await whole(options, environment, installation, warn);
  const { apiUrl, tokenFile } = options;
  return {
    ...found,
    ...(apiUrl === undefined ? {} : { apiUrl: checkedUrl(apiUrl) }),
    ...(tokenFile === undefined ? {} : { token: { file: tokenFile } }),
  };
}

async function whole(
  { profile: asked }: ConnectionOptions,
  environment: Environment,
  installation: () => Promise<Installation>,
  warn: (line: string) => void,
): Promise<Connection> {
  const path = profilesPath(environment);
  const { TOLLGATE_PROFILE: ofEnvironment = '', TOLLGATE_API_URL: url = '' } = environment;
  const { TOLLGATE_PROXY_URL: proxyUrl = '' } = environment;
  const { [TOKEN_VARIABLE]: token = '' } = environment;
  const named = asked ?? (ofEnvironment === '' ? undefined : ofEnvironment);
  // seam: connection-is-whole
  const fromEnvironment = named === undefined && (url !== '' || token !== '');
  const { profiles, default: usual } = fromEnvironment
    ? { profiles: {}, default: undefined }
    : readProfiles(path, warn);
  const name = named ?? usual;
  if (name !== undefined) {
    const profile = profiles[name];
    if (profile !== undefined) return ofProfile(name, profile, path);
    const names = Object.keys(profiles).join(', ');
    throw new UsageError(
      `There is no profile ${name} in ${path}${names === '' ? '' : `; there are ${names}`}.`,
    );
  }
  return {
    ...(url === '' ? await onThisMachine(installation) : atUrl(checkedUrl(url))),
    ...(proxyUrl === '' ? {} : { proxyUrl: checkedUrl(proxyUrl) }),
    token: token === '' ? null : { env: TOKEN_VARIABLE },
    timeZone: null,
  };
}

function ofProfile(name: string, profile: Profile, path: string): Connection {
  return {
    apiUrl: profile.api_url,
    proxyUrl: profile.proxy_url ?? null,
    token: profile.token ?? null,
    timeZone: profile.time_zone ?? null,
    source: `profile ${name} of ${path}`,
  };
}

function atUrl(apiUrl: string) {
  return { apiUrl, proxyUrl: null, source: 'TOLLGATE_API_URL' };
}

async function onThisMachine(installation: () => Promise<Installation>) {
  const { config } = await installation();
  const host = config.host === '0.0.0.0' || config.host === '::' ? '127.0.0.1' : config.host;
  const shown = host.includes(':') ? `[${host}]` : host;
  return {
    apiUrl: `http://${shown}:${config.api_port}`,
    proxyUrl: `http://${shown}:${config.proxy_port}`,
    source: 'the configuration on this machine',
  };
}

/** @throws CommandError saying what to do */
export async function readToken(
  { token: place }: Pick<Connection, 'token'>,
  environment: Environment,
  warn: (line: string) => void,
): Promise<string> {
  if (place === null) {
    throw new CommandError(
      `There is no admin token: put it into ${TOKEN_VARIABLE}, name a file that holds it with ` +
        '--token-file, or make a profile (`tollgate profiles set --help`). ' +
        '`tollgate admin-token reset` makes another in the place of a lost one.',
    );
  }
  if ('keychain' in place) return await tokenFromKeychain(place.keychain);
  if ('file' in place) {
    return oneLine(readPrivateFile(place.file, warn), `${place.file} has no token in it`);
  }
  return oneLine(environment[place.env] ?? '', `${place.env} is not set, or empty`);
}

/** A line's end in a header would be refused by everything on the way, with another message. */
function oneLine(text: string, otherwise: string): string {
  const token = text.trim();
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new CommandError(
    token === '' ? `${otherwise}.` : 'What should be a token has blanks in it.',
  );
}

function checkedUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new UsageError(`${text} is no address: write it as http://127.0.0.1:8788`);
}
