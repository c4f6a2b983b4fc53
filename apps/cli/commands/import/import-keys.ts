/** The part of `tollgate import` that is about keys: plans them, makes them, and tells history whose it is. */
import type { CommandContext } from '../../command.ts';
import type { Api } from '../../connection/api.ts';
import { KnownKeys, type MadeKey, makeKeys, openSecretsFile, readKeys } from './make-keys.ts';

type Asked = {
  customer: string | undefined;
  keyList: string | undefined;
  secrets: string | undefined;
  dryRun: boolean;
  isLitellm: boolean;
};

type Imported = {
  planned: number;
  problems: number;
  /** Our key for a key of theirs. */
  keyFor(theirs: string): string | undefined;
};

/** Without a list, only the keys of an earlier run are found. @throws CommandError */
export async function importKeys(
  context: CommandContext,
  api: Api,
  { customer, keyList, secrets, dryRun, isLitellm }: Asked,
): Promise<Imported> {
  // Read before anything is asked for: a file that is none changes nothing.
  const { keys, problems } =
    keyList === undefined ? { keys: [], problems: 0 } : await readKeys(context, keyList);
  if (customer === undefined || !isLitellm)
    return { planned: 0, problems, keyFor: () => undefined };
  const known = await KnownKeys.of(api, customer);
  const fresh = keys.filter(({ theirs }) => known.find(theirs) === undefined);
  if (keyList !== undefined) {
    context.say(
      `${keyList}: ${fresh.length} new keys, ${keys.length - fresh.length} are here already.`,
    );
  }
  if (!dryRun && keys.length > 0) {
    const file = secrets === undefined ? undefined : openSecretsFile(secrets);
    try {
      await makeKeys(api, customer, keys, known, (key) => {
        if (file === undefined) printed(context, key);
        else file.add(key);
      });
    } finally {
      file?.close();
    }
  }
  return { planned: fresh.length, problems, keyFor: (theirs) => known.find(theirs)?.id };
}

function printed({ output }: CommandContext, key: MadeKey): void {
  const { name, key_id, secret } = key;
  output.object(key, () => output.print(`${name}\t${key_id}\t${secret}`));
}
