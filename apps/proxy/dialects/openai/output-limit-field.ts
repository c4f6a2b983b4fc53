/** In which field a server of this dialect takes an output limit. */
/** OpenAI's reasoning models take only the newer name; servers of the same dialect know the older. */
export function outputLimitField(baseUrl: string): 'max_tokens' | 'max_completion_tokens' {
  const { hostname } = new URL(baseUrl);
  const isOpenai = hostname === 'api.openai.com' || hostname.endsWith('.openai.azure.com');
  return isOpenai ? 'max_completion_tokens' : 'max_tokens';
}
