/**
 * How long names and ids may be. A usage event carries most of them, so every way in (configuration,
 * requests, collectors, the ledger) has the bound of the event: what is accepted can be metered.
 */
import { z } from 'zod';

/** Characters of a name: of a model, a provider, a customer, an event, a price version. */
export const SHORT_TEXT_LENGTH_MAX = 256;

/** May be empty: what a provider or a client states as it likes. */
export const shortText = z.string().max(SHORT_TEXT_LENGTH_MAX);

export const shortName = z.string().min(1).max(SHORT_TEXT_LENGTH_MAX);

/** Characters of an end user's name, which a client makes up: OpenAI's `user` may be as long. */
export const END_USER_LENGTH_MAX = 1_024;

/** An id of ours, a customer's external id, or text in its place that will find nothing. */
export const objectId = z.string().min(1).max(SHORT_TEXT_LENGTH_MAX);
