/** /v1/customers: who is billed. A new customer's first period is opened with it. */
import { sha256Hex } from '@tollgate/adapters/digest/sha256.ts';
import { canonicalLocale } from '@tollgate/adapters/documents/locale-format.ts';
import { customerEvents, externalIdEvents } from '@tollgate/adapters/ledger/categories.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import {
  type Customer,
  type CustomerRefusal,
  decideArchiveCustomer,
  decideUpdateCustomer,
  evolveCustomer,
} from '@tollgate/domain/customer/customer.ts';
import type { CustomerEvent } from '@tollgate/domain/customer/customer-events.ts';
import type { BillingDetails } from '@tollgate/domain/invoice/billing-details.ts';
import { isBillable } from '@tollgate/domain/invoice/currency.ts';
import type { KeyDefaults } from '@tollgate/domain/key/key-defaults.ts';
import {
  customerChange,
  customerParams,
  customerRequest,
  customerView,
} from '@tollgate/schemas/http/customers.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import { customerList } from '@tollgate/schemas/http/resources.ts';
import { openPeriod } from '../../closing/open-period.ts';
import { problemOfError, problemOfRefusal } from '../../closing/problems.ts';
import type { ApiContext } from '../../context.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem, type FieldError } from '../../http/errors.ts';
import { isWanted, pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { requireTimeZone } from '../../http/time-zone.ts';
import type { Entity } from '../../resources/entities.ts';
import { type Stated, storedDefaults } from '../keys/key-defaults.ts';
import { lifeStatus } from '../named-customer.ts';
import { awaitReadModel } from '../periods/period-view.ts';

export const createCustomer = defineRoute({
  operationId: 'createCustomer',
  method: 'POST',
  path: '/v1/customers',
  tag: 'Customers',
  summary: 'Create a customer',
  body: customerRequest,
  status: 201,
  response: customerView,
  errors: ['external_id_taken', 'currency_not_supported', 'concurrent_change'],
  async handler({ body, newId, commandId, timeMs }, context) {
    const time_zone = requireTimeZone('body.time_zone', body.time_zone);
    requireBillable(body.currency);
    requireBillingDetails(body.billing_details, context);
    const { external_id = null, ...rest } = withStoredDefaults(body);
    const customer_id = await ownerOf(external_id, newId('cus'), context);
    const taken = external_id === null ? undefined : context.directory.findCustomer(external_id);
    if (taken !== undefined && taken.state.customer_id !== customer_id) {
      throw new ApiProblem('external_id_taken');
    }
    const data = { customer_id, external_id, ...rest, time_zone };
    const { state } = await carryOut(context, {
      category: customerEvents,
      id: customer_id,
      commandId,
      evolve: evolveCustomer,
      decide: (state) =>
        state === undefined ? { type: 'CustomerCreated', data } : { refused: 'external_id_taken' },
    });
    const period = { customerId: customer_id, startMs: null, timeZone: null, anchorDay: null };
    const opened = await openPeriod(context, period).catch((error: unknown) => {
      throw problemOfError(error);
    });
    if (!opened.ok) throw problemOfRefusal(opened.refusal);
    await awaitReadModel(context, customer_id);
    return view({ state, createdAtMs: timeMs, updatedAtMs: timeMs });
  },
});

/** @throws ApiProblem currency_not_supported */
function requireBillable(currency: string): void {
  if (!isBillable(currency)) throw new ApiProblem('currency_not_supported');
}

/** @throws ApiProblem invalid_request for a locale or a seller that is not known here */
function requireBillingDetails(
  details: BillingDetails | null | undefined,
  { invoicing }: ApiContext,
): void {
  const { locale = null, seller = null } = details ?? {};
  const errors: FieldError[] = [];
  const refuse = (field: string, message: string) =>
    errors.push({ path: `body.billing_details.${field}`, message });
  if (locale !== null && canonicalLocale(locale) === null) refuse('locale', 'not a known locale');
  if (seller !== null && !Object.hasOwn(invoicing?.sellers ?? {}, seller)) {
    refuse('seller', 'not a seller of `invoicing.sellers`');
  }
  if (errors.length > 0) throw new ApiProblem('invalid_request', { errors });
}

/** The body with its defaults of new keys as the ledger has them, if it states any. */
function withStoredDefaults<T extends { key_defaults?: Stated | null }>(
  body: T,
): Omit<T, 'key_defaults'> & { key_defaults?: KeyDefaults | null } {
  const { key_defaults, ...rest } = body;
  return key_defaults === undefined
    ? rest
    : { ...rest, key_defaults: storedDefaults(key_defaults) };
}

/**
 * The customer that owns an external id: the first to take it, and the ledger allows only one
 * first. If that customer was never created, the next one to ask for the id gets it, under the same
 * own id.
 */
async function ownerOf(
  external_id: string | null,
  ownId: string,
  { ledger }: ApiContext,
): Promise<string> {
  if (external_id === null) return ownId;
  const stream = externalIdEvents.of(sha256Hex(`customer|${external_id}`));
  const data = { external_id, object_id: ownId };
  const taken = newLedgerEvent(stream, { type: 'ExternalIdTaken', data }, ownId);
  try {
    await ledger.append(stream, 'no_stream', [taken]);
    const [first] = await ledger.read(stream, { limit: 1 });
    if (first === undefined) throw new Error(`${stream} is empty after an append`);
    return externalIdEvents.parse(first).data.object_id;
  } catch (cause) {
    throw new ApiProblem('ledger_unavailable', { cause });
  }
}

export const listCustomers = defineRoute({
  operationId: 'listCustomers',
  method: 'GET',
  path: '/v1/customers',
  tag: 'Customers',
  summary: 'List customers, newest first',
  query: customerList,
  status: 200,
  response: listOf(customerView),
  errors: ['cursor_unknown'],
  handler: async ({ query }, { directory }) =>
    pageOf(
      directory.customers.all(),
      query,
      ({ state }) => state.customer_id,
      view,
      ({ state }) =>
        isWanted(query.external_id, state.external_id) && isWanted(query.status, lifeStatus(state)),
    ),
});

export const getCustomer = defineRoute({
  operationId: 'getCustomer',
  method: 'GET',
  path: '/v1/customers/{customer_id}',
  tag: 'Customers',
  summary: 'Retrieve a customer, by our id or by yours',
  params: customerParams,
  status: 200,
  response: customerView,
  errors: ['customer_not_found'],
  async handler({ params }, { directory }) {
    const found = directory.findCustomer(params.customer_id);
    if (found === undefined) throw new ApiProblem('customer_not_found');
    return view(found);
  },
});

export const updateCustomer = defineRoute({
  operationId: 'updateCustomer',
  method: 'PATCH',
  path: '/v1/customers/{customer_id}',
  tag: 'Customers',
  summary: 'Change name, currency, mark-up, models or defaults; what is left out stays',
  params: customerParams,
  body: customerChange,
  status: 200,
  response: customerView,
  errors: [
    'customer_not_found',
    'customer_archived',
    'currency_not_supported',
    'concurrent_change',
  ],
  async handler({ params, body, commandId }, context) {
    if (body.currency !== undefined) requireBillable(body.currency);
    requireBillingDetails(body.billing_details, context);
    const said = withStoredDefaults(body);
    const decide = (state: Customer | undefined) => decideUpdateCustomer(state, said);
    return view(await change(context, params.customer_id, commandId, decide));
  },
});

export const archiveCustomer = defineRoute({
  operationId: 'archiveCustomer',
  method: 'POST',
  path: '/v1/customers/{customer_id}/archive',
  tag: 'Customers',
  summary: 'Archive a customer: none of its keys opens anything within one second',
  description:
    'Everything that it has used stays, and its periods are closed and billed as before. No new ' +
    'teams, keys and events of collectors are taken for it.',
  params: customerParams,
  status: 200,
  response: customerView,
  errors: ['customer_not_found', 'customer_archived', 'concurrent_change'],
  handler: async ({ params, commandId }, context) =>
    view(await change(context, params.customer_id, commandId, decideArchiveCustomer)),
});

/** @param named by our id or by the operator's own */
function change(
  context: ApiContext,
  named: string,
  commandId: string,
  decide: (state: Customer | undefined) => CustomerEvent | CustomerRefusal,
) {
  const id = context.directory.findCustomer(named)?.state.customer_id ?? named;
  return carryOut(context, {
    category: customerEvents,
    ...{ id, commandId, decide },
    evolve: evolveCustomer,
  });
}

function view({ state, createdAtMs }: Entity<Customer>) {
  const { customer_id, ...rest } = state;
  return {
    object: 'customer' as const,
    id: customer_id,
    ...rest,
    status: lifeStatus(state),
    created_at: new Date(createdAtMs).toISOString(),
  };
}
