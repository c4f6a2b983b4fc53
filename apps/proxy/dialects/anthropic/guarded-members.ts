/** Which values of a request are no texts: what names a thing, or is data (`openai/guarded-members.ts`). */
import type { GuardedMembers } from '../dialect.ts';

export const guardedMembers: GuardedMembers = {
  identifiers: new Set([
    ...['model', 'role', 'type', 'media_type', 'service_tier', 'ttl', 'tool_choice'],
    ...['id', 'tool_use_id', 'file_id', 'name', 'container', 'user_id'],
    // Pictures and documents; what only the provider can read.
    ...['data', 'url', 'signature', 'encrypted_content', 'encrypted_index'],
    // Of JSON schemas.
    ...['$ref', 'required', 'pattern'],
  ]),
  metadata: 'metadata',
};
