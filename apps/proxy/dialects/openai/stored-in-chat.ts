/**
 * What a chat request names that a provider has stored: some take the members of the Responses API there too.
 * Whose it is is asked before the request goes anywhere (I10); what no response of this gateway was is nobody's.
 */
import type { StoredName, StoredParts } from '../dialect.ts';
import { type ChatCompletionRequest, isAsked } from './chat-bounds.ts';

const NAMING = ['previous_response_id', 'conversation'];

export function storedInChat(request: ChatCompletionRequest): { stored?: StoredParts } {
  let names: StoredName[] | undefined;
  for (const param of NAMING) {
    const id = request[param];
    if (!isAsked(id)) continue;
    names ??= [];
    names.push({ id: typeof id === 'string' ? id : JSON.stringify(id), param });
  }
  // seam: chat-names-what-is-stored-too
  return names === undefined ? {} : { stored: { names, keeps: 'of tools', inBackground: false } };
}
