/** `tollgate routes …`: names that lead to several models. */
import type { RouteExplanation } from '@tollgate/schemas/http/route-explanation.ts';
import type { routeView } from '@tollgate/schemas/http/routes.ts';
import type { z } from 'zod';
import type { Command, CommandContext } from '../../command.ts';
import { openApi } from '../../connection/api.ts';
import { CommandError, UsageError } from '../../errors.ts';
import { mostOf, mostOption } from '../../input/most.ts';
import type { Column } from '../../output/table.ts';
import { amountText, timeText, usdText } from '../../output/values.ts';

type Route = z.output<typeof routeView>;

export const routesList: Command = {
  name: 'routes list',
  summary: 'list routes of the ledger; those of the configuration are not among them',
  options: mostOption,
  examples: [{ line: 'tollgate routes list', help: 'which there are, and what is to come' }],
  async run({ api, values, output, timeZone }) {
    const zone = await timeZone();
    const columns: Column<Route>[] = [
      { title: 'route', value: ({ id }) => id },
      { title: 'strategy', value: ({ current }) => current?.terms.strategy ?? '' },
      {
        ...{ title: 'candidates', min: 12 },
        value: ({ current }) =>
          (current?.terms.candidates ?? []).map(({ model }) => model).join(', '),
      },
      {
        title: 'since',
        value: ({ current }) => (current === null ? '' : timeText(current.effective_from, zone)),
        spare: true,
      },
      {
        title: 'to come',
        value: ({ scheduled }) => String(scheduled.length),
        align: 'right',
        spare: true,
      },
      { title: 'status', value: ({ status }) => status, spare: true },
    ];
    const pages = (await api()).pages<Route>('/v1/routes', {}, mostOf(values));
    await output.list(pages, columns, 'There is no route in the ledger.');
    return 0;
  },
};

export const routesExplain: Command = {
  name: 'routes explain',
  summary: 'say where a request would go, and why not elsewhere',
  detail: `A proxy is asked, with a virtual key, because budgets, limits and models are those of a key: name the
variable that holds it. Nothing is sent to a provider, held, counted or recorded.`,
  parameters: [
    { name: 'ROUTE', help: 'what clients send as the model' },
    { name: 'TEXT', help: 'the question (default: Hello)', optional: true },
  ],
  options: {
    'key-env': {
      ...{ type: 'string', value: 'NAME', help: 'variable with the key (default: TOLLGATE_KEY)' },
    },
    'proxy-url': {
      type: 'string',
      value: 'URL',
      help: 'of the proxies, in the place of the profile',
    },
    'body-file': { type: 'string', value: 'FILE', help: 'a whole request, as clients send it' },
  },
  examples: [
    {
      line: 'tollgate routes explain smart "What is 2 + 2?"',
      help: 'in which order, at which cost',
    },
  ],
  async run(context) {
    const { environment, values, words, signal, output, say } = context;
    const [route = '', text = 'Hello'] = words;
    const name = (values['key-env'] as string | undefined) ?? 'TOLLGATE_KEY';
    const key = environment[name];
    if (key === undefined || key === '') {
      throw new CommandError(
        `${name} is not set: put a virtual key into it, or name another (--key-env).`,
      );
    }
    const url =
      (values['proxy-url'] as string | undefined) ?? (await context.connection()).proxyUrl;
    if (url === null) throw new UsageError('--proxy-url: where are the proxies?');
    const proxy = openApi({ url, token: key, signal, fetch: context.fetch });
    const body = await bodyOf(values['body-file'], route, text);
    const found = await proxy.post<RouteExplanation>('/v1/routes/explain', body);
    output.object(found, () => show(context, found));
    if (found.refused !== null) say(`It would be refused: ${found.refused}.`);
    return found.refused === null ? 0 : 1;
  },
};

async function bodyOf(file: unknown, model: string, text: string): Promise<object> {
  if (typeof file !== 'string') return { model, ...asked(text) };
  const { readFileSync } = await import('node:fs');
  try {
    return { ...(JSON.parse(readFileSync(file, 'utf8')) as object), model };
  } catch (cause) {
    throw new CommandError(`${file} cannot be read as JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
}

const asked = (content: string) => ({ messages: [{ role: 'user', content }] });

function show({ output, print }: CommandContext, found: RouteExplanation): void {
  const { complexity, holds } = found;
  output.facts([
    [
      'route',
      found.version === null
        ? `${found.route} (configuration)`
        : `${found.route} version ${found.version}`,
    ],
    ['strategy', found.rule === null ? found.strategy : `${found.strategy}, by rule ${found.rule}`],
    ['order', found.order.join(' → ') || 'nowhere'],
    ...(complexity === null
      ? []
      : [
          [
            'complexity',
            `${complexity.score} (${complexity.hard ? 'hard' : 'easy'}, from ${complexity.threshold} on)`,
          ] as const,
        ]),
  ]);
  print('');
  output.table(
    [
      { title: 'candidate', value: ({ model }) => model, min: 10 },
      { title: 'leads to', value: ({ deployment }) => deployment ?? 'nowhere', min: 10 },
      {
        title: 'at most',
        value: ({ worst_case }) => (worst_case === null ? 'unknown' : usdText(worst_case)),
        align: 'right',
      },
      { title: 'why not', value: whyNot, min: 8 },
    ],
    found.candidates,
  );
  if (holds === null || holds.length === 0) return;
  output.heading('The first attempt would hold');
  for (const hold of holds)
    print(
      `${amountText(hold.amount, hold.unit)} of the budget of its ${hold.scope} per ${hold.window}`,
    );
}

function whyNot(candidate: RouteExplanation['candidates'][number]): string {
  const { refused, lacks, cooling_down_ms } = candidate;
  if (refused !== null) return refused;
  const lack = lacks.map(
    ({ what, needed, known }) => `${what}: needs ${needed}, has ${known ?? 'not stated'}`,
  );
  if (cooling_down_ms > 0)
    lack.push(`failed lately, left alone for ${Math.ceil(cooling_down_ms / 1000)} s`);
  return lack.join('; ');
}
