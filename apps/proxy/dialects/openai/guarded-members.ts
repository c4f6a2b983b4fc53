/**
 * Which values of a request are no texts (`json-texts.ts`): a pattern that met them would refuse what is
 * harmless, and what replaced them would break the request, or the end user whom budgets count by.
 */
import type { GuardedMembers } from '../dialect.ts';

export const guardedMembers: GuardedMembers = {
  identifiers: new Set([
    // What names a model, a kind, a form.
    ...['model', 'role', 'type', 'object', 'detail', 'format', 'encoding_format', 'voice'],
    ...['service_tier', 'reasoning_effort', 'verbosity', 'modalities', 'tool_choice'],
    // What names a thing elsewhere in the request, or at the provider.
    ...['id', 'tool_call_id', 'call_id', 'file_id', 'name', 'prompt_cache_key'],
    // Whom the call is for: budgets and rates of end users go by it.
    ...['user', 'safety_identifier'],
    // Pictures, recordings and documents.
    ...['data', 'file_data', 'url', 'b64_json'],
    // Of JSON schemas.
    ...['$ref', 'required', 'pattern'],
  ]),
  metadata: 'metadata',
};
