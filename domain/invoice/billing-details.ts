/** What a customer's invoices say of it, and how they are written. Null: nothing, or the seller's own. */
import type { BuyerBlock, TaxTreatment } from './document-events.ts';

export type BillingDetails = {
  /** Null: the customer's name. */
  legal_name: string | null;
  address: BuyerBlock['address'];
  tax_id: string | null;
  reference: string | null;
  /** BCP 47. */
  locale: string | null;
  /** A seller's name in the configuration. */
  seller: string | null;
  tax: { treatment: Exclude<TaxTreatment, 'none'>; text: string | null } | null;
};
