/** `tollgate admin-token …`: the tokens of the administration. Tollgate may be running. */
import { existsSync } from 'node:fs';
import { secretsPath } from '@tollgate/adapters/config/data-folder.ts';
import {
  addAdminToken,
  namedAdminTokens,
  removeAdminToken,
  resetAdminToken,
} from '@tollgate/adapters/secrets/admin-tokens.ts';
import type { Command, CommandContext, Values } from '../../command.ts';
import { CommandError, UsageError } from '../../errors.ts';

const DAY_MS = 86_400_000;
const DAYS_MAX = 3_650;
const NAME = /^[\w.-]{1,64}$/;

export const adminTokenReset: Command = {
  name: 'admin-token reset',
  summary: "make a new admin token in the place of the first start's",
  detail: 'It is printed once. A running Tollgate knows it within a second.',
  examples: [{ line: 'tollgate admin-token reset', help: 'where the first one is lost' }],
  async run(context) {
    const token = resetAdminToken(await secretsFile(context));
    shown(context, { object: 'admin_token', name: null, token, expires_at: null });
    context.say('The admin token before it no longer works.');
    return 0;
  },
};

export const adminTokenAdd: Command = {
  name: 'admin-token add',
  summary: 'make another admin token, which may expire',
  parameters: [{ name: 'NAME', help: 'letters, digits, . _ and -' }],
  options: {
    'expires-in': { type: 'string', value: 'DAYS', help: 'for how long (default: forever)' },
  },
  examples: [
    {
      line: 'tollgate admin-token add ci --expires-in 90',
      help: 'for a machine, for three months',
    },
  ],
  async run(context) {
    const [name = ''] = context.words;
    if (!NAME.test(name)) throw new UsageError('a name has letters, digits, . _ and - only');
    const expires_at = expiry(context.values['expires-in'], context.clock());
    const created_at = new Date(context.clock()).toISOString();
    const token = addAdminToken(await secretsFile(context), { name, created_at, expires_at });
    if (token === null) throw new CommandError(`there is a token ${name}: remove it first`);
    shown(context, { object: 'admin_token', name, token, expires_at });
    context.say(
      `It is shown this once${expires_at === null ? '' : `, and expires at ${expires_at}`}.`,
    );
    return 0;
  },
};

export const adminTokenList: Command = {
  name: 'admin-token list',
  summary: 'list the admin tokens that have a name',
  examples: [{ line: 'tollgate admin-token list', help: 'who may administer, and until when' }],
  async run(context) {
    const tokens = namedAdminTokens(await secretsFile(context)).map(
      ({ name, created_at, expires_at }) => ({
        object: 'admin_token',
        name,
        created_at,
        expires_at,
      }),
    );
    if (context.output.isJson) {
      for (const token of tokens) context.output.object(token, () => undefined);
      return 0;
    }
    context.output.table(
      [
        { title: 'name', value: ({ name }) => name, min: 8 },
        { title: 'made', value: ({ created_at }) => created_at },
        { title: 'expires', value: ({ expires_at }) => expires_at ?? 'never' },
      ],
      tokens,
    );
    context.say(`${tokens.length} by name, and the first one, which has none.`);
    return 0;
  },
};

export const adminTokenRemove: Command = {
  name: 'admin-token remove',
  summary: 'end an admin token',
  parameters: [{ name: 'NAME', help: 'as `admin-token list` shows it' }],
  examples: [{ line: 'tollgate admin-token remove ci', help: 'it no longer works at once' }],
  async run(context) {
    const [name = ''] = context.words;
    const wasThere = removeAdminToken(await secretsFile(context), name);
    if (!wasThere) throw new CommandError(`there is no token ${name}`);
    context.output.object({ object: 'admin_token', name, removed: true }, () => undefined);
    context.say(`The token ${name} no longer works.`);
    return 0;
  },
};

async function secretsFile({ installation }: CommandContext): Promise<string> {
  const { config, data } = await installation();
  const path = secretsPath(config, data);
  if (existsSync(path)) return path;
  throw new CommandError(`there is no ${path}: Tollgate makes it when it starts`);
}

function shown(
  { output, print }: CommandContext,
  token: { object: string; name: string | null; token: string; expires_at: string | null },
): void {
  output.object(token, () => print(token.token));
}

function expiry(days: Values[string], nowMs: number): string | null {
  if (days === undefined) return null;
  const count = Number(days);
  if (Number.isInteger(count) && count > 0 && count <= DAYS_MAX) {
    return new Date(nowMs + count * DAY_MS).toISOString();
  }
  throw new UsageError(`--expires-in: a whole number of days from 1 to ${DAYS_MAX}, not ${days}`);
}
