/** `tollgate admin-token …`: the tokens of the administration. Tollgate may be running. */
import { existsSync } from 'node:fs';
import { secretsPath } from '@tollgate/adapters/config/data-folder.ts';
import {
  addAdminToken,
  namedAdminTokens,
  removeAdminToken,
  resetAdminToken,
} from '@tollgate/adapters/secrets/admin-tokens.ts';
import { type Command, type CommandContext, CommandError, UsageError } from '../../command.ts';

const DAY_MS = 86_400_000;
const DAYS_MAX = 3_650;
const NAME = /^[\w.-]{1,64}$/;

export const adminTokenCommand: Command = {
  name: 'admin-token',
  words: 'reset | add NAME | list | remove NAME',
  summary: `make a new admin token, which is printed once and replaces the first start's; or
more of them by name, which may expire; Tollgate may be running`,
  options: {
    'expires-in': { type: 'string', value: 'DAYS', help: 'add: for how long (default: forever)' },
  },
  async run(context) {
    const [verb = '', ...names] = context.words;
    const wanted = verb === 'add' || verb === 'remove' ? 1 : 0;
    const run = VERBS[verb];
    if (run === undefined || names.length !== wanted) {
      throw new UsageError(`admin-token: say one of ${adminTokenCommand.words}.`);
    }
    const path = secretsPath(context.config, context.data);
    if (!existsSync(path)) {
      throw new CommandError(`there is no ${path}: Tollgate makes it when it starts`);
    }
    run(context, path, names[0] ?? '');
    return 0;
  },
};

const VERBS: Record<string, (context: CommandContext, path: string, name: string) => void> = {
  reset({ print, say }, path) {
    print(resetAdminToken(path));
    say('The admin token before it no longer works.');
  },
  add({ print, say, values }, path, name) {
    if (!NAME.test(name)) throw new UsageError('a name has letters, digits, . _ and - only');
    const expiresAt = expiry(values['expires-in']);
    const createdAt = new Date().toISOString();
    const token = addAdminToken(path, { name, created_at: createdAt, expires_at: expiresAt });
    if (token === null) throw new CommandError(`there is a token ${name}: remove it first`);
    print(token);
    say(`It is shown this once${expiresAt === null ? '' : `, and expires at ${expiresAt}`}.`);
  },
  list({ print, say }, path) {
    const tokens = namedAdminTokens(path);
    for (const { name, created_at, expires_at } of tokens) {
      print(`${name}  made ${created_at}  ${expires_at === null ? '' : `expires ${expires_at}`}`);
    }
    say(`${tokens.length} by name, and the first one, which has none.`);
  },
  remove({ say }, path, name) {
    if (!removeAdminToken(path, name)) throw new CommandError(`there is no token ${name}`);
    say(`The token ${name} no longer works.`);
  },
};

function expiry(days: string | boolean | undefined): string | null {
  if (days === undefined) return null;
  const count = Number(days);
  if (Number.isInteger(count) && count > 0 && count <= DAYS_MAX) {
    return new Date(Date.now() + count * DAY_MS).toISOString();
  }
  throw new UsageError(`--expires-in: a whole number of days from 1 to ${DAYS_MAX}, not ${days}`);
}
