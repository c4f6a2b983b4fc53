/** `tollgate keys …`: virtual keys. A secret is shown once, when it is made (I12). */
import type { Command, CommandContext, Option } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import { mostOf, mostOption } from '../../input/most.ts';
import { scopeFilter, scopeOptions } from '../../input/scope.ts';
import { parseTime } from '../../input/time.ts';
import { type Key, keyColumns, showKey } from './key-text.ts';

const { team, customer } = scopeOptions;
const KEY = [{ name: 'KEY', help: 'its id, as `keys list` shows it' }] as const;

export const keysList: Command = {
  name: 'keys list',
  summary: 'list keys, newest first',
  options: {
    ...{ customer, team, ...mostOption },
    status: {
      ...{ type: 'string', value: 'STATUS', help: 'only these' },
      oneOf: ['active', 'suspended', 'expired', 'revoked', 'archived'],
    },
    env: { type: 'string', value: 'NAME', help: 'only of this environment, as live or test' },
  },
  examples: [
    { line: 'tollgate keys list --customer acme', help: 'of one customer, by its external id' },
    { line: 'tollgate keys list --status active --json', help: 'for a program' },
  ],
  async run({ api, values, output, timeZone }) {
    const { status, env: environment } = values as Record<string, string | undefined>;
    const query = { ...scopeFilter(values), status, environment };
    const pages = (await api()).pages<Key>('/v1/keys', query, mostOf(values));
    await output.list(pages, keyColumns(output, await timeZone()), 'There is no such key.');
    return 0;
  },
};

export const keysShow: Command = {
  name: 'keys show',
  summary: 'show a key; its secret is not among what is shown',
  parameters: KEY,
  examples: [{ line: 'tollgate keys show key_1', help: 'whose it is, and whether it works' }],
  async run(context) {
    await shown(context, await (await context.api()).get<Key>(pathOf(context)));
    return 0;
  },
};

const terms: Record<string, Option> = {
  tag: { type: 'string', value: 'NAME=VALUE', help: 'may be repeated', many: true },
  expires: { type: 'string', value: 'TIME', help: 'as 2027-01-01 or "in 90d" (default: never)' },
  'end-user-required': { type: 'boolean', help: 'its calls have to name their end user' },
};

export const keysCreate: Command = {
  name: 'keys create',
  summary: 'make a key; its secret is printed this once',
  parameters: [{ name: 'NAME', help: 'as people call it' }],
  options: {
    ...{ customer, team, ...terms },
    env: { type: 'string', value: 'NAME', help: 'as live or test (default: live)' },
  },
  examples: [
    {
      line: 'tollgate keys create ci --customer acme',
      help: 'the secret is the one line of the output',
    },
    {
      line: 'tollgate keys create nightly --customer acme --env test --expires "in 90d" --tag app=batch',
      help: 'for three months, with a tag that usage can be grouped by',
    },
  ],
  async run(context) {
    const { values, words } = context;
    const { customer: customer_id, team: team_id, env: environment } = values;
    if (customer_id === undefined) throw new UsageError('--customer: whose key is it?');
    const body = { name: words[0], customer_id, team_id, environment, ...(await termsOf(context)) };
    secretShown(context, await (await context.api()).post<Key>('/v1/keys', body));
    return 0;
  },
};

export const keysRotate: Command = {
  name: 'keys rotate',
  summary: 'give a key a new secret, which is printed this once',
  parameters: KEY,
  options: {
    overlap: {
      type: 'string',
      value: 'SECONDS',
      help: 'how long the old one works on (default: 0)',
    },
  },
  examples: [
    {
      line: 'tollgate keys rotate key_1 --overlap 3600',
      help: 'an hour to put the new one in place',
    },
  ],
  async run(context) {
    const overlap = Number(context.values['overlap'] ?? 0);
    if (!Number.isInteger(overlap) || overlap < 0)
      throw new UsageError('--overlap: whole seconds.');
    const path = `${pathOf(context)}/rotate`;
    secretShown(context, await (await context.api()).post<Key>(path, { overlap_seconds: overlap }));
    return 0;
  },
};

export const keysUpdate: Command = {
  name: 'keys update',
  summary: 'change a key; what is left out stays',
  parameters: KEY,
  options: { ...terms, name: { type: 'string', value: 'NAME', help: 'as people call it' } },
  examples: [{ line: 'tollgate keys update key_1 --name batch', help: 'the next call has it' }],
  async run(context) {
    const { name } = context.values;
    const body = { name, ...(await termsOf(context)) };
    await shown(context, await (await context.api()).patch<Key>(pathOf(context), body));
    return 0;
  },
};

/** Ends and pauses of a key. */
const life = (verb: string, summary: string, done: string, takesReason: boolean): Command => ({
  name: `keys ${verb}`,
  summary,
  parameters: KEY,
  ...(takesReason
    ? { options: { reason: { type: 'string', value: 'TEXT', help: 'why, for the record' } } }
    : {}),
  examples: [
    {
      line: `tollgate keys ${verb} key_1${takesReason ? ' --reason "it was in a log"' : ''}`,
      help: 'every proxy follows within a second',
    },
  ],
  async run(context) {
    const { reason } = context.values;
    const body = takesReason && reason !== undefined ? { reason } : {};
    const key = await (await context.api()).post<Key>(`${pathOf(context)}/${verb}`, body);
    context.output.object(key, () => undefined);
    context.say(`Key ${key.id} (${key.name}) ${done}.`);
    return 0;
  },
});

export const keysSuspend = life('suspend', 'stop a key until it is resumed', 'is suspended', true);
export const keysResume = life('resume', 'let a suspended key work again', 'works again', false);
export const keysRevoke = life('revoke', 'stop a key for good', 'is revoked for good', true);
export const keysArchive = life(
  'archive',
  'stop a key for good and put it away',
  'is archived',
  false,
);

function pathOf({ words: [id = ''] }: CommandContext): string {
  return `/v1/keys/${encodeURIComponent(id)}`;
}

async function shown({ output, timeZone }: CommandContext, key: Key): Promise<void> {
  const zone = await timeZone();
  output.object(key, () => showKey(output, key, zone));
}

/** The secret alone is the result, so that it can go into a file or a store without being read. */
function secretShown({ output, print, say }: CommandContext, key: Key): void {
  output.object(key, () => print(key.secret ?? ''));
  say(`Key ${key.id} (${key.name}). Its secret is shown this once.`);
}

async function termsOf({ values, clock, timeZone }: CommandContext): Promise<object> {
  const { tag = [], expires, 'end-user-required': required } = values;
  const tags = (tag as readonly string[]).map((text) => {
    const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) {
      throw new UsageError(`--tag: write NAME=VALUE, not ${text}.`);
    }
    return [name, value] as const;
  });
  const context = { nowMs: clock(), timeZone: await timeZone() };
  const expires_at =
    typeof expires === 'string'
      ? new Date(parseTime('--expires', expires, context)).toISOString()
      : undefined;
  return {
    ...(tags.length === 0 ? {} : { tags: Object.fromEntries(tags) }),
    ...{ expires_at, end_user_required: required },
  };
}
