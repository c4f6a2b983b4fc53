/** Streams `customer-<id>` and `team-<id>`: who is billed, and its teams. */

import type { BillingDetails } from '../invoice/billing-details.ts';
import type { KeyDefaults } from '../key/key-defaults.ts';
import type { ModelLists } from '../routing/model-access.ts';
import { streamCategory } from '../stream/stream-category.ts';

export const customerStreams = streamCategory('customer');
export const teamStreams = streamCategory('team');
/** The id is the SHA-256, lower-case hex, of the kind of object and its external id. */
export const externalIdStreams = streamCategory('external_id');

export type CustomerCreated = {
  type: 'CustomerCreated';
  data: Partial<ModelLists> & {
    customer_id: string;
    /** The operator's own name for the customer; unique among customers. */
    external_id: string | null;
    name: string;
    /** IANA zone in which the customer's days and months begin. */
    time_zone: string;
    /** ISO 4217, upper case. */
    currency: string;
    /** Mark-up on cost in parts per million: 200000 is +20 %. */
    markup_ppm: number;
    /** Of new keys; absent or null: none of its own. */
    key_defaults?: KeyDefaults | null;
    /** What its invoices say of it; absent or null: its name. */
    billing_details?: BillingDetails | null;
  };
};

export type CustomerUpdated = {
  type: 'CustomerUpdated';
  data: Partial<ModelLists> & {
    customer_id: string;
    name?: string;
    /** Of periods that open after it. */
    currency?: string;
    markup_ppm?: number;
    key_defaults?: KeyDefaults | null;
    /** As a whole. */
    billing_details?: BillingDetails | null;
  };
};

export type CustomerArchived = { type: 'CustomerArchived'; data: { customer_id: string } };

export type CustomerEvent = CustomerCreated | CustomerUpdated | CustomerArchived;

export type TeamCreated = {
  type: 'TeamCreated';
  data: Partial<ModelLists> & {
    team_id: string;
    customer_id: string;
    external_id: string | null;
    name: string;
  };
};

export type TeamUpdated = {
  type: 'TeamUpdated';
  data: Partial<ModelLists> & { team_id: string; name?: string };
};

export type TeamArchived = { type: 'TeamArchived'; data: { team_id: string } };

export type TeamEvent = TeamCreated | TeamUpdated | TeamArchived;

/**
 * Stream `external_id-<sha256 of scope and name>`: the first append takes the name, so two
 * simultaneous requests cannot both have it.
 */
export type ExternalIdTaken = {
  type: 'ExternalIdTaken';
  data: { external_id: string; object_id: string };
};
