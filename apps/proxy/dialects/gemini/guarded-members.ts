/** Which values of a request are no texts: what names a thing, or is data (`openai/guarded-members.ts`). */
import type { GuardedMembers } from '../dialect.ts';

export const guardedMembers: GuardedMembers = {
  identifiers: new Set([
    ...['model', 'role', 'name', 'id', 'mode', 'type', 'format', 'category', 'threshold'],
    ...['mimeType', 'mime_type', 'responseMimeType', 'response_mime_type', 'modality'],
    ...['cachedContent', 'cached_content', 'serviceTier', 'service_tier', 'taskType', 'task_type'],
    // Pictures, recordings and documents; what only the provider can read.
    ...['data', 'fileUri', 'file_uri', 'thoughtSignature', 'thought_signature'],
    // Of JSON schemas.
    ...['$ref', 'required', 'pattern'],
  ]),
  metadata: 'labels',
};
