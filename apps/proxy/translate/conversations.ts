/** What is translated, for those who decide where a call may go: nothing else of it is loaded for that. */
import type { DialectName } from '@tollgate/schemas/config/provider-dialects.ts';

/** The endpoints that take conversations: what is asked of them can be asked in another dialect. */
export const conversations: ReadonlySet<string> = new Set([
  ...['chat.completions', 'messages', 'generateContent', 'streamGenerateContent'],
]);

/** Dialects that conversations are translated to. */
export const translatedDialects: ReadonlySet<DialectName> = new Set<DialectName>([
  'openai',
  'anthropic',
  'gemini',
]);
