/**
 * Makes keys like those of another gateway. Their texts cannot be taken over, so each has a new secret. What
 * was made carries the other key's name in a tag, and is found by it: a second run goes on with the first.
 */
import { closeSync, createReadStream, fsyncSync, openSync, writeSync } from 'node:fs';
import { BillError } from '@tollgate/adapters/bills/bill-collector.ts';
import {
  type PlannedKey,
  readLitellmKey,
  shortHash,
} from '@tollgate/adapters/bills/litellm-keys.ts';
import { RecordReader } from '@tollgate/adapters/bills/read-records.ts';
import type { keyView, teamView } from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import type { CommandContext } from '../../command.ts';
import type { Api, Query } from '../../connection/api.ts';
import { readersOf } from '../../connection/private-file.ts';
import { CommandError } from '../../errors.ts';

type Key = z.output<typeof keyView>;
type Team = z.output<typeof teamView>;

const TAG = 'litellm_key';
/** Of one file, and of those that are there: they are held in memory. */
const KEYS_MAX = 100_000;

export type ReadKeys = { keys: PlannedKey[]; problems: number };

/** What the customer's keys here are called there. */
export class KnownKeys {
  readonly #byTheirs: Map<string, Key>;

  constructor(keys: readonly Key[]) {
    const imported = keys.flatMap((key) => {
      const theirs = key.tags[TAG];
      return theirs === undefined ? [] : [[theirs, key] as const];
    });
    this.#byTheirs = new Map(imported);
  }

  static async of(api: Api, customer: string): Promise<KnownKeys> {
    return new KnownKeys(await api.all<Key>('/v1/keys', { customer_id: customer }, KEYS_MAX));
  }

  find(theirs: string): Key | undefined {
    return this.#byTheirs.get(shortHash(theirs));
  }

  add(theirs: string, key: Key): void {
    this.#byTheirs.set(shortHash(theirs), key);
  }
}

/** @throws CommandError */
export async function readKeys(
  { say, clock }: Pick<CommandContext, 'say' | 'clock'>,
  file: string,
): Promise<ReadKeys> {
  const read: ReadKeys = { keys: [], problems: 0 };
  const problem = (line: number, message: string) => {
    read.problems++;
    say(`${file}, line ${line}: ${message}; no key is made`);
  };
  const reader = new RecordReader({
    malformed: problem,
    add({ line, fields }) {
      const reading = readLitellmKey(fields, clock());
      if ('problem' in reading) problem(line, reading.problem);
      else if ('skipped' in reading)
        say(`${file}, line ${line}: ${reading.skipped}; no key is made`);
      else read.keys.push(reading.key);
      if (read.keys.length > KEYS_MAX) throw new BillError(`more than ${KEYS_MAX} keys`);
    },
  });
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) reader.push(chunk);
    reader.end();
  } catch (cause) {
    if (cause instanceof BillError) throw new CommandError(`${file}: ${cause.message}.`, { cause });
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) throw cause;
    throw new CommandError(`${file} cannot be read (${code}).`, { cause });
  }
  return read;
}

export type MadeKey = { theirs: string; name: string; key_id: string; secret: string };

/** @param made is told of each new key once it has its limits; its secret is known to nobody before */
export async function makeKeys(
  api: Api,
  customer: string,
  planned: readonly PlannedKey[],
  known: KnownKeys,
  made: (key: MadeKey) => void,
): Promise<void> {
  const teams = new Map<string, string>();
  for (const team of await api.all<Team>('/v1/teams', { customer_id: customer }, KEYS_MAX)) {
    if (team.external_id !== null) teams.set(team.external_id, team.id);
  }
  for (const plan of planned) {
    const before = known.find(plan.theirs);
    const key = before ?? (await issue(api, customer, plan, teams));
    await limit(api, plan, key, before !== undefined);
    known.add(plan.theirs, key);
    const { theirs, name } = plan;
    if (key.secret !== null) made({ theirs, name, key_id: key.id, secret: key.secret });
  }
}

async function issue(api: Api, customer: string, plan: PlannedKey, teams: Map<string, string>) {
  let team_id: string | undefined;
  if (plan.teamId !== null) {
    const body = { customer_id: customer, name: plan.teamId, external_id: plan.teamId };
    team_id = teams.get(plan.teamId) ?? (await api.post<Team>('/v1/teams', body)).id;
    teams.set(plan.teamId, team_id);
  }
  return await api.post<Key>('/v1/keys', {
    ...{ customer_id: customer, name: plan.name, tags: { [TAG]: plan.theirs } },
    ...(team_id === undefined ? {} : { team_id }),
    ...(plan.expiresAt === null ? {} : { expires_at: plan.expiresAt }),
    ...(plan.allowedModels === null ? {} : { allowed_models: plan.allowedModels }),
  });
}

/** A run before this one may have ended between a key and its limits. */
async function limit(api: Api, plan: PlannedKey, key: Key, isKnown: boolean): Promise<void> {
  const scope = { type: 'key', id: key.id };
  const has = async (path: string, query: Query) =>
    isKnown && (await api.all(path, query, 1)).length > 0;
  if (plan.budget !== null && !(await has('/v1/budgets', { key_id: key.id }))) {
    await api.post('/v1/budgets', { scope, unit: 'usd', ...plan.budget });
  }
  const ofKey = { scope_type: 'key', scope_id: key.id };
  if (plan.rates.length === 0 || (await has('/v1/rate_limits', ofKey))) return;
  for (const rate of plan.rates) await api.post('/v1/rate_limits', { scope, ...rate });
}

/** A file for secrets, which its owner alone can read (I12). @throws CommandError */
export function openSecretsFile(path: string) {
  let file: number;
  try {
    file = openSync(path, 'a', 0o600);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new CommandError(`${path} cannot be written (${code}).`, { cause });
  }
  // seam: secrets-file-is-private
  if (readersOf(path) !== undefined) {
    closeSync(file);
    throw new CommandError(
      `${path} can be read by others: \`chmod 600 ${path}\`, or name a new file.`,
    );
  }
  return {
    add(key: MadeKey): void {
      writeSync(file, `${JSON.stringify(key)}\n`);
      fsyncSync(file);
    },
    close: () => closeSync(file),
  };
}
