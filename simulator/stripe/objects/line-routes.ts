/** The lines of an invoice in bulk, and invoice items one by one. */
import { listOf, pageFields } from '../wire/paging.ts';
import { choice, currency, flag, list, metadata, object, required, text } from '../wire/params.ts';
import { type Route, route } from '../wire/route.ts';
import { createdField, expandField, inRange, mergedMetadata } from '../wire/shared-fields.ts';
import { invalid, noSuch } from '../wire/stripe-error.ts';
import { existingCustomer, newestFirst } from './customer-routes.ts';
import { existingInvoice } from './invoice-routes.ts';
import { changed } from './lifecycle.ts';
import {
  checkDraft,
  checkRoom,
  currencyMismatch,
  type GivenLine,
  lineChange,
  lineFields,
  newItem,
} from './lines.ts';
import { refreshDraft } from './totals.ts';
import { invoiceView, itemView, lineView } from './views.ts';
import type { Invoice, Item, World } from './world.ts';

const bulk = { ...expandField, invoice_metadata: metadata };

function edited(
  world: World,
  invoice: Invoice,
  given?: Readonly<Record<string, string>> | null,
): object {
  invoice.metadata = mergedMetadata(invoice.metadata, given);
  refreshDraft(world, invoice);
  changed(world, invoice, 'invoice.updated');
  return invoiceView(world, invoice);
}

function lineOf(invoice: Invoice, id: string, param: string): Item {
  const line = invoice.lines.find((one) => one.lineId === id);
  // An id of the item behind the line (ii_…) is not the line's (il_…): OpenMeter #4950.
  if (line === undefined) throw noSuch('invoice line item', id, param, 400);
  return line;
}

function take(world: World, invoice: Invoice, item: Item): void {
  invoice.lines = invoice.lines.filter((line) => line !== item);
  world.items.delete(item.id);
}

export const lineRoutes: readonly Route[] = [
  route(
    'POST',
    '/v1/invoices/{}/add_lines',
    { ...bulk, lines: required(list(object({ ...lineFields, invoice_item: text() }))) },
    ({ world, params, ids: [id] }) => {
      const invoice = existingInvoice(world, id);
      checkDraft(invoice);
      checkRoom(world, invoice, params.lines.length);
      const items = params.lines.map((line, index) =>
        added(world, invoice, line ?? {}, `lines[${index}]`),
      );
      for (const item of items) {
        item.invoice = invoice.id;
        world.items.set(item.id, item);
        invoice.lines.push(item);
      }
      return edited(world, invoice, params.invoice_metadata);
    },
  ),
  route(
    'POST',
    '/v1/invoices/{}/update_lines',
    { ...bulk, lines: required(list(object({ ...lineFields, id: required(text()) }))) },
    ({ world, params, ids: [id] }) => {
      const invoice = existingInvoice(world, id);
      checkDraft(invoice);
      const changes = params.lines.flatMap((line, index) =>
        line === null
          ? []
          : lineChange(lineOf(invoice, line.id, `lines[${index}][id]`), line, `lines[${index}]`),
      );
      for (const change of changes) change();
      return edited(world, invoice, params.invoice_metadata);
    },
  ),
  route(
    'POST',
    '/v1/invoices/{}/remove_lines',
    {
      ...bulk,
      lines: required(
        list(object({ id: required(text()), behavior: required(choice('delete', 'unassign')) })),
      ),
    },
    ({ world, params, ids: [id] }) => {
      const invoice = existingInvoice(world, id);
      checkDraft(invoice);
      const lines = params.lines.flatMap((line, index) =>
        line === null
          ? []
          : { item: lineOf(invoice, line.id, `lines[${index}][id]`), behavior: line.behavior },
      );
      for (const { item, behavior } of lines) {
        take(world, invoice, item);
        item.invoice = null;
        if (behavior === 'unassign') world.items.set(item.id, item);
      }
      return edited(world, invoice, params.invoice_metadata);
    },
  ),
  route(
    'GET',
    '/v1/invoices/{}/lines',
    { ...expandField, ...pageFields },
    ({ world, params, ids: [id] }) => {
      const invoice = existingInvoice(world, id);
      const url = `/v1/invoices/${invoice.id}/lines`;
      return listOf(url, invoice.lines, (line) => line.lineId, lineView, params);
    },
  ),
  route(
    'POST',
    '/v1/invoices/{}/lines/{}',
    { ...expandField, ...lineFields },
    ({ world, params, ids: [id, lineId = ''] }) => {
      const invoice = existingInvoice(world, id);
      checkDraft(invoice);
      const line = lineOf(invoice, lineId, 'line_item_id');
      lineChange(line, params, 'line_item_id')();
      edited(world, invoice);
      return lineView(line);
    },
  ),
];

function added(
  world: World,
  invoice: Invoice,
  line: GivenLine & { readonly invoice_item?: string | undefined },
  param: string,
): Item {
  if (line.invoice_item === undefined) {
    return newItem(
      world,
      { customer: invoice.customer, currency: invoice.currency, invoice: invoice.id },
      line,
      param,
    );
  }
  const item = world.items.get(line.invoice_item);
  if (item === undefined || item.customer !== invoice.customer) {
    throw noSuch('invoice item', line.invoice_item, `${param}[invoice_item]`, 400);
  }
  if (item.invoice !== null)
    throw invalid('The invoice item is already attached to an invoice.', undefined, param);
  if (item.currency !== invoice.currency) throw currencyMismatch(item.currency, invoice.currency);
  return item;
}

const itemFields = {
  ...expandField,
  ...lineFields,
  tax_behavior: text(),
  tax_code: text(),
  unit_amount_decimal: text(),
};

export const itemRoutes: readonly Route[] = [
  route(
    'POST',
    '/v1/invoiceitems',
    { ...itemFields, currency, customer: text(), invoice: text() },
    ({ world, params }) => {
      const invoice =
        params.invoice === undefined
          ? null
          : existingInvoice(world, params.invoice, 'invoice', 400);
      const customer = existingCustomer(
        world,
        params.customer ?? invoice?.customer,
        'customer',
        400,
      );
      const money = params.currency ?? invoice?.currency ?? customer.currency;
      if (money === null)
        throw invalid('Missing required param: currency.', 'parameter_missing', 'currency');
      if (invoice !== null) {
        checkDraft(invoice);
        checkRoom(world, invoice, 1);
        if (invoice.customer !== customer.id) throw noSuch('invoice', invoice.id, 'invoice', 400);
        if (invoice.currency !== money) throw currencyMismatch(money, invoice.currency);
      }
      const owner = { customer: customer.id, currency: money, invoice: invoice?.id ?? null };
      const item = newItem(world, owner, params, 'amount');
      world.items.set(item.id, item);
      world.emit('invoiceitem.created', itemView(item));
      if (invoice !== null) {
        invoice.lines.push(item);
        edited(world, invoice);
      }
      return itemView(item);
    },
  ),
  route('GET', '/v1/invoiceitems/{}', expandField, ({ world, ids: [id] }) =>
    itemView(existingItem(world, id)),
  ),
  route('POST', '/v1/invoiceitems/{}', itemFields, ({ world, params, ids: [id] }) => {
    const { item, invoice } = editableItem(world, id);
    lineChange(item, params, 'amount')();
    if (invoice !== undefined) edited(world, invoice);
    return itemView(item);
  }),
  route('DELETE', '/v1/invoiceitems/{}', {}, ({ world, ids: [id] }) => {
    const { item, invoice } = editableItem(world, id);
    world.items.delete(item.id);
    world.emit('invoiceitem.deleted', itemView(item));
    if (invoice !== undefined) {
      take(world, invoice, item);
      edited(world, invoice);
    }
    return { id: item.id, object: 'invoiceitem', deleted: true };
  }),
  route(
    'GET',
    '/v1/invoiceitems',
    {
      ...expandField,
      ...createdField,
      ...pageFields,
      customer: text(),
      invoice: text(),
      pending: flag,
    },
    ({ world, params }) => {
      const { customer, invoice, pending, created } = params;
      const all = newestFirst(world.items.values()).filter(
        (item) =>
          (customer === undefined || item.customer === customer) &&
          (invoice === undefined || item.invoice === invoice) &&
          (pending === undefined || (item.invoice === null) === pending) &&
          inRange(item.createdS, created),
      );
      return listOf('/v1/invoiceitems', all, ({ id }) => id, itemView, params);
    },
  ),
];

function existingItem(world: World, id: string | undefined): Item {
  const item = world.items.get(id ?? '');
  if (item === undefined) throw noSuch('invoiceitem', id ?? '', 'id', 404);
  return item;
}

function editableItem(
  world: World,
  id: string | undefined,
): { item: Item; invoice: Invoice | undefined } {
  const item = existingItem(world, id);
  const invoice = item.invoice === null ? undefined : world.invoices.get(item.invoice);
  if (invoice !== undefined) checkDraft(invoice);
  return { item, invoice };
}
