/** /v1/price_books: the operator's own price lists, dated and versioned (I7). */
import type { ExpectedRevision, NewLedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { readStream } from '@tollgate/adapters/ledger/read-stream.ts';
import { priceListsFromOverrides } from '@tollgate/domain/pricing/from-overrides.ts';
import { priceBookStream } from '@tollgate/domain/pricing/price.ts';
import {
  everyTierHasABase,
  priceOverrideFields,
} from '@tollgate/schemas/config/tollgate-config.ts';
import { timestamp } from '@tollgate/schemas/event/usage-event.ts';
import { listOf, listQuery } from '@tollgate/schemas/http/list.ts';
import { shortName } from '@tollgate/schemas/names/names.ts';
import { instantOrDateUtc } from '@tollgate/schemas/time/instant.ts';
import { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';

const priceBookView = z.strictObject({
  object: z.literal('price_book'),
  /** The version's name, which every event that it priced carries. */
  id: z.string(),
  source: z.enum(['price_book', 'config', 'catalogue']),
  provider: z.string(),
  effective_from: timestamp.nullable(),
  models: z.int(),
});

export const publishPriceBook = defineRoute({
  operationId: 'publishPriceBook',
  method: 'POST',
  path: '/v1/price_books',
  tag: 'Prices',
  summary: 'Publish a provider’s price list; from `effective_from` on it replaces the one before',
  description: 'Prices are USD per million units, as text. Calls keep the price they started with.',
  body: z.strictObject({
    provider: shortName,
    effective_from: instantOrDateUtc.optional(),
    models: z
      .array(priceOverrideFields.omit({ provider: true }).superRefine(everyTierHasABase))
      .min(1)
      .max(2_000),
  }),
  status: 201,
  response: priceBookView,
  errors: ['concurrent_change'],
  async handler({ body, newId, timeMs }, context) {
    // The default is now: a list without a start would rank behind every earlier list that has one.
    const { provider, effective_from = new Date(timeMs).toISOString() } = body;
    refuseEarlier(body.models, effective_from);
    const version = newId('pb');
    const overrides = body.models.map((model) => ({ ...model, provider }));
    const [list] = priceListsFromOverrides(overrides, () => version);
    if (list === undefined) throw new Error('a price list without models passed its schema');
    const data = { ...list, source: 'price_book' as const, effective_from };
    const stream = priceBookStream(provider, data.source);
    await publish(
      context,
      stream,
      newLedgerEvent(stream, { type: 'PriceVersionPublished', data }, version),
    );
    return view(data);
  },
});

/** Before its list is in force, a price would never be: an operator who dates it back is told so. */
function refuseEarlier(
  models: readonly { effective_from?: string | undefined }[],
  start: string,
): void {
  const errors = models.flatMap(({ effective_from: from }, index) =>
    from === undefined || from >= start
      ? []
      : [
          {
            path: `body.models.${index}.effective_from`,
            message: `before the list's own, ${start}`,
          },
        ],
  );
  if (errors.length > 0) throw new ApiProblem('invalid_request', { errors });
}

/** Nothing to do if an earlier try of the same request has published it. */
async function publish(
  { ledger, limits, directory }: ApiContext,
  stream: string,
  published: NewLedgerEvent,
): Promise<void> {
  let expected: ExpectedRevision = 'no_stream';
  const pageEvents = limits.ledgerPageEvents;
  for await (const { id, revision } of readStream(ledger, stream, { pageEvents })) {
    if (id === published.id) return;
    expected = revision;
  }
  const result = await ledger.append(stream, expected, [published]);
  if (!result.ok) throw new ApiProblem('concurrent_change');
  await directory.sees(stream, result.revision, limits.readYourWritesMs);
}

export const listPriceBooks = defineRoute({
  operationId: 'listPriceBooks',
  method: 'GET',
  path: '/v1/price_books',
  tag: 'Prices',
  summary: 'List published price lists, newest first, the built-in catalogue included',
  query: listQuery,
  status: 200,
  response: listOf(priceBookView),
  errors: ['cursor_unknown'],
  handler: async ({ query }, { directory }) =>
    pageOf(
      directory.priceVersions.all(),
      query,
      ({ state }) => state.version,
      ({ state }) => view(state),
    ),
});

function view(list: {
  version: string;
  source: 'price_book' | 'config' | 'catalogue';
  provider: string;
  effective_from: string | null;
  models: readonly unknown[];
}) {
  const { version, source, provider, effective_from, models } = list;
  return {
    object: 'price_book' as const,
    id: version,
    source,
    provider,
    effective_from,
    models: models.length,
  };
}
