/**
 * Installations by name, in `~/.config/tollgate/config.json` (XDG_CONFIG_HOME is honoured). A profile says
 * where a token is, and never has one in it (I12).
 */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { CommandError } from '../errors.ts';
import type { Environment } from '../surroundings.ts';
import { readPrivateFile } from './private-file.ts';

const url = z.url({ protocol: /^https?$/, error: 'write an http or https URL' });

const tokenPlace = z.union(
  [
    z.strictObject({ file: z.string().min(1) }),
    z.strictObject({ env: z.string().min(1) }),
    z.strictObject({ keychain: z.string().min(1) }),
  ],
  'write { "file": PATH }, { "env": NAME } or { "keychain": NAME }: a token is not written into this file',
);

export const profile = z.strictObject({
  api_url: url,
  /** Where the proxies are, for commands that ask one of them. */
  proxy_url: url.optional(),
  token: tokenPlace.optional(),
  time_zone: z.string().optional(),
});
export type Profile = z.infer<typeof profile>;
export type TokenPlace = z.infer<typeof tokenPlace>;

export const PROFILE_NAME = /^[a-z0-9][a-z0-9_.-]{0,62}$/;
const file = z.strictObject({
  default: z.string().optional(),
  profiles: z.record(z.string().regex(PROFILE_NAME), profile).default({}),
});
export type ProfilesFile = z.infer<typeof file>;

export function profilesPath(environment: Environment): string {
  const { XDG_CONFIG_HOME: xdg, HOME: home } = environment;
  // As XDG says: a path that is not absolute is ignored.
  const base = xdg?.startsWith('/') ? xdg : join(home ?? homedir(), '.config');
  return join(base, 'tollgate', 'config.json');
}

/** @throws CommandError if it is there and cannot be used */
export function readProfiles(path: string, warn: (line: string) => void): ProfilesFile {
  if (!existsSync(path)) return { profiles: {} };
  const text = readPrivateFile(path, warn);
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (cause) {
    throw new CommandError(`${path} is no JSON: ${(cause as Error).message}`, { cause });
  }
  const parsed = file.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path: at, message }) => `${at.join('.')}: ${message}`);
  throw new CommandError(`${path}: ${faults.join('; ')}`);
}

/** Readers see the file before or after, never half of it. */
export function writeProfiles(path: string, profiles: ProfilesFile): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(profiles, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path);
}
