/** Which of OpenAI's models read by which vocabulary: those that it says so of, and no others. */
import type { Encoding } from '@tollgate/adapters/tokenizer/token-bound.ts';

const O200K = /^(ft:)?(gpt-4o|gpt-4o-mini|chatgpt-4o|gpt-4\.1|gpt-5|o1|o3|o4-mini)([-:]|$)/;
const CL100K =
  /^(ft:)?(gpt-4|gpt-4-turbo|gpt-3\.5-turbo|text-embedding-3|text-embedding-ada)([-:]|$)/;

/** Of a model at OpenAI itself; null: unknown. */
export function openAiTokenizer(model: string): Encoding | null {
  if (O200K.test(model)) return 'o200k_base';
  return CL100K.test(model) ? 'cl100k_base' : null;
}

/** Elsewhere a name says nothing of what serves it. */
export function isOpenAi(baseUrl: string): boolean {
  return new URL(baseUrl).hostname === 'api.openai.com';
}
