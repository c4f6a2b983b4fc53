/** /v1/cache/purges: what the proxies must not serve from their cache any more (docs/design.md, Cache). */
import { cacheEvents } from '@tollgate/adapters/ledger/categories.ts';
import { CACHE_ID } from '@tollgate/domain/cache/cache-events.ts';
import { purgeRequest, purgeView } from '@tollgate/schemas/http/cache.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';

/** Only proxies follow purges: there is nothing here that an answer could be waited for in. */
const NOT_READ = { sees: async () => true };

export const purgeCache = defineRoute({
  operationId: 'purgeCache',
  method: 'POST',
  path: '/v1/cache/purges',
  tag: 'Cache',
  summary: 'Forget cached answers of a customer, of a model or route, or of all',
  description:
    'Within a second no proxy serves what calls stored that began before, and then removes it from its ' +
    'store. Usage events are not touched: they hold no content.',
  body: purgeRequest,
  status: 201,
  response: purgeView,
  errors: ['customer_not_found', 'concurrent_change'],
  async handler({ body, newId, commandId, timeMs }, context) {
    const data = {
      purge_id: newId('pur'),
      customer_id: body.customer_id === undefined ? null : customerId(body.customer_id),
      model: body.model ?? null,
    };
    await carryOut(
      { ...context, directory: NOT_READ },
      {
        category: cacheEvents,
        id: CACHE_ID,
        commandId,
        // No purge depends on another one.
        evolve: () => null,
        decide: () => ({ type: 'CachePurged', data }),
      },
    );
    const { purge_id: id, ...scope } = data;
    const created_at = new Date(timeMs).toISOString();
    return { object: 'cache_purge' as const, id, ...scope, created_at };

    /** An archived one too: what must be erased is often that. */
    function customerId(named: string): string {
      const found = context.directory.findCustomer(named);
      if (found === undefined) throw new ApiProblem('customer_not_found');
      return found.state.customer_id;
    }
  },
});
