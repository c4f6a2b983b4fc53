/** Customers whose January is invoiced, without numbers yet, and sellers that may number them. */
import { parseConfig } from '@tollgate/adapters/config/load-config.ts';
import { invoiceEvents } from '@tollgate/adapters/ledger/categories.ts';
import { invoiceStreams } from '@tollgate/domain/period/period-events.ts';
import type { Invoicing } from '@tollgate/schemas/config/invoicing-config.ts';
import { AFTER_JANUARY, JANUARY } from '../../closing/testing/january.ts';
import { MemoryHouse } from '../../closing/testing/memory-house.ts';

const SELLER = `legal_name: Gate Works GmbH
      address: { line1: Torstraße 1, postal_code: '10119', city: Berlin, country: DE }`;

const parsed = new Map<string, Invoicing>();

/** Sellers `gate`, the default, and `toll`. @param gate further members of the first */
function twoSellers(gate = ''): Invoicing {
  const known = parsed.get(gate) ?? parsedSellers(gate);
  parsed.set(gate, known);
  return structuredClone(known);
}

function parsedSellers(gate: string): Invoicing {
  return parseConfig(
    'sellers.yaml',
    `invoicing:
  default_seller: gate
  sellers:
    gate:
      ${SELLER}
      ${gate}
    toll:
      ${SELLER}
      number_format: T-{seq}
`,
  ).invoicing;
}

export class InvoicedHouse extends MemoryHouse {
  readonly invoicing: Invoicing;

  /** @param gate further members of the default seller */
  constructor(gate = '') {
    super();
    this.invoicing = twoSellers(gate);
  }

  /** @returns the ids of their invoices, in order */
  async invoicesOf(customerIds: readonly string[]): Promise<string[]> {
    for (const customerId of customerIds) {
      await this.january(customerId);
      this.usage.use(customerId, JANUARY);
    }
    await this.closeAt(AFTER_JANUARY, customerIds);
    const issued = this.store.events.filter(({ type }) => type === 'InvoiceIssued');
    return issued.map(({ stream }) => invoiceStreams.idOf(stream));
  }

  /** What a process needs that numbers them. */
  numbering(ledger = this.deps.ledger) {
    return { ...this.deps, ledger, invoicing: this.invoicing };
  }

  /** Numbers of these invoices, in order; undefined: none. */
  numbersOf(invoiceIds: readonly string[]): (string | undefined)[] {
    return invoiceIds.map((id) => {
      const events = this.store.of(invoiceEvents.of(id));
      const numbered = events.filter(({ type }) => type === 'InvoiceNumbered');
      if (numbered.length > 1) throw new Error(`${id} is numbered ${numbered.length} times`);
      return (numbered[0]?.data as { number: string } | undefined)?.number;
    });
  }
}
