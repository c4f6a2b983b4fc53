/** `tollgate profiles …`: installations by name. */
import { resolve as absolute } from 'node:path';
import type { Command, CommandContext, Values } from '../../command.ts';
import {
  PROFILE_NAME,
  type Profile,
  profile as profileSchema,
  profilesPath,
  readProfiles,
  type TokenPlace,
  writeProfiles,
} from '../../connection/profiles.ts';
import { UsageError } from '../../errors.ts';
import { requireTimeZone } from '../../input/time-zone.ts';

const PLACES = ['token-file', 'token-env', 'token-keychain'] as const;

export const profilesList: Command = {
  name: 'profiles list',
  summary: 'list the installations by name',
  examples: [{ line: 'tollgate profiles list', help: 'which there are, and which is the default' }],
  async run({ environment, output, say }) {
    const path = profilesPath(environment);
    const { profiles, default: usual } = readProfiles(path, say);
    const rows = Object.entries(profiles).map(([name, profile]) => ({
      ...{ object: 'profile', name, default: name === usual, ...profile },
      token: placeText(profile.token),
    }));
    if (output.isJson) for (const row of rows) output.object(row, () => undefined);
    else {
      output.table(
        [
          { title: 'name', value: (row) => row.name, min: 8 },
          { title: 'api', value: (row) => row.api_url, min: 16 },
          { title: 'token', value: (row) => row.token, min: 10 },
          { title: 'default', value: (row) => (row.default ? 'yes' : ''), spare: true },
        ],
        rows,
      );
      say(rows.length === 0 ? `There is none in ${path}: \`tollgate profiles set --help\`.` : path);
    }
    return 0;
  },
};

export const profilesShow: Command = {
  name: 'profiles show',
  summary: 'say which installation commands talk to now, and why',
  detail: `A connection comes whole from one place: the profile that is named (--profile, TOLLGATE_PROFILE), else
TOLLGATE_API_URL, TOLLGATE_PROXY_URL and TOLLGATE_ADMIN_TOKEN of the environment, else the default profile, else the configuration
on this machine. So no token goes to the address of another installation.`,
  examples: [{ line: 'tollgate profiles show', help: 'where a command would go, asks nobody' }],
  async run(context) {
    const { apiUrl, proxyUrl, token, source } = await context.connection();
    const timeZone = await context.timeZone();
    const shown = {
      ...{ object: 'connection', api_url: apiUrl, proxy_url: proxyUrl },
      ...{ token: placeText(token), time_zone: timeZone, source },
    };
    context.output.object(shown, () =>
      context.output.facts([
        ['api', apiUrl],
        ['proxy', proxyUrl ?? 'not known'],
        ['token', shown.token],
        ['time zone', timeZone],
        ['found in', source],
      ]),
    );
    return 0;
  },
};

export const profilesSet: Command = {
  name: 'profiles set',
  summary: 'make or change an installation',
  detail:
    'The token is where you say, and never in the profile itself. The first profile is the default.',
  parameters: [{ name: 'NAME', help: 'lower-case letters, digits, . _ and -' }],
  options: {
    url: { type: 'string', value: 'URL', help: 'of the billing API' },
    'proxy-url': { type: 'string', value: 'URL', help: 'of the proxies' },
    'token-env': { type: 'string', value: 'NAME', help: 'the token is in this variable' },
    'token-keychain': {
      type: 'string',
      value: 'NAME',
      help: 'the token is in the keychain, under this name',
    },
    zone: { type: 'string', value: 'ZONE', help: 'IANA name, for times that are typed and shown' },
  },
  examples: [
    {
      line: 'tollgate profiles set prod --url https://billing.example.com --token-file admin-token',
      help: 'the token is in a file of yours, mode 600',
    },
    {
      line: 'tollgate profiles set local --url http://127.0.0.1:8788 --token-env TOLLGATE_ADMIN_TOKEN',
      help: 'the token is in a variable',
    },
  ],
  async run({ environment, values, words, output, say }) {
    const [name = ''] = words;
    if (!PROFILE_NAME.test(name)) {
      throw new UsageError(`${name}: a name has lower-case letters, digits, . _ and - only.`);
    }
    const path = profilesPath(environment);
    const file = readProfiles(path, say);
    const profile = checked({ ...file.profiles[name], ...changes(values) });
    const profiles = { ...file.profiles, [name]: profile };
    writeProfiles(path, { default: file.default ?? name, profiles });
    output.object({ object: 'profile', name, ...profile }, () => undefined);
    say(`${name} is in ${path}.`);
    return 0;
  },
};

export const profilesUse: Command = {
  name: 'profiles use',
  summary: 'make an installation the default',
  parameters: [{ name: 'NAME', help: 'as `profiles list` shows it' }],
  examples: [{ line: 'tollgate profiles use local', help: 'commands go there from now on' }],
  run: async (context) =>
    change(context, (file, name) => ({ ...file, default: name }), 'is the default'),
};

export const profilesRemove: Command = {
  name: 'profiles remove',
  summary: 'forget an installation; nothing happens to it',
  parameters: [{ name: 'NAME', help: 'as `profiles list` shows it' }],
  examples: [{ line: 'tollgate profiles remove local', help: 'its token stays where it is' }],
  run: async (context) =>
    change(
      context,
      ({ profiles, default: usual }, name) => {
        const { [name]: _, ...others } = profiles;
        return {
          profiles: others,
          ...(usual === name || usual === undefined ? {} : { default: usual }),
        };
      },
      'is forgotten',
    ),
};

type File = ReturnType<typeof readProfiles>;

function change(
  { environment, words: [name = ''], output, say }: CommandContext,
  made: (file: File, name: string) => File,
  done: string,
): number {
  const path = profilesPath(environment);
  const file = readProfiles(path, say);
  if (file.profiles[name] === undefined) {
    const names = Object.keys(file.profiles).join(', ');
    throw new UsageError(`There is no profile ${name}; there are: ${names}.`);
  }
  writeProfiles(path, made(file, name));
  output.object(
    { object: 'profile', name, default: made(file, name).default === name },
    () => undefined,
  );
  say(`${name} ${done}.`);
  return 0;
}

function changes(values: Values): Partial<Profile> {
  const text = (name: string) => values[name] as string | undefined;
  const places = PLACES.filter((place) => text(place) !== undefined);
  if (places.length > 1) {
    throw new UsageError(`Say one of ${places.map((place) => `--${place}`).join(', ')}.`);
  }
  const [file, env, keychain] = PLACES.map(text);
  const token: TokenPlace | undefined =
    file !== undefined
      ? { file: absolute(file) }
      : env !== undefined
        ? { env }
        : keychain !== undefined
          ? { keychain }
          : undefined;
  const [url, proxyUrl, zone] = [text('url') ?? text('api-url'), text('proxy-url'), text('zone')];
  return {
    ...(url === undefined ? {} : { api_url: url }),
    ...(proxyUrl === undefined ? {} : { proxy_url: proxyUrl }),
    ...(token === undefined ? {} : { token }),
    ...(zone === undefined ? {} : { time_zone: requireTimeZone('--zone', zone) }),
  };
}

function checked(profile: Partial<Profile>): Profile {
  if (profile.api_url === undefined) throw new UsageError('--url: where is its billing API?');
  const parsed = profileSchema.safeParse(profile);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new UsageError(`${issue?.path.join('.')}: ${issue?.message}.`);
}

function placeText(place: TokenPlace | null | undefined): string {
  if (place === null || place === undefined) return 'none';
  if ('file' in place) return `file ${place.file}`;
  return 'env' in place ? `variable ${place.env}` : `keychain ${place.keychain}`;
}
