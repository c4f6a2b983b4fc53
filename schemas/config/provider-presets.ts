/**
 * What is the same for everybody who uses a provider: where it is, what it speaks there, and how it is shown
 * a key, as its own documents say. A configuration that names a preset states its key, and what is to be
 * otherwise. Places that each account has of its own (Azure, Bedrock, Vertex) have no address here.
 */
import type { AuthStyle, DialectName } from './provider-dialects.ts';

type Preset = {
  base_url?: string;
  dialects?: readonly DialectName[];
  auth?: AuthStyle;
  /** Its id in the price catalogue. */
  catalogue?: string;
  /** It states the usage of a stream without being asked, or refuses to be. */
  asks_for_usage?: false;
  output_limit_field?: 'max_tokens' | 'max_completion_tokens';
};

const presets = {
  openai: { catalogue: 'openai', base_url: 'https://api.openai.com/v1' },
  azure: { catalogue: 'azure', auth: 'api-key', output_limit_field: 'max_completion_tokens' },
  // It serves OpenAI's chat completions at the same address.
  anthropic: {
    catalogue: 'anthropic',
    base_url: 'https://api.anthropic.com/v1',
    dialects: ['anthropic', 'openai'],
  },
  google: {
    catalogue: 'google',
    base_url: 'https://generativelanguage.googleapis.com/v1beta',
    dialects: ['gemini'],
  },
  'google-openai': {
    base_url: 'https://generativelanguage.googleapis.com/v1beta/openai',
    catalogue: 'google',
  },
  // Its OpenAI-compatible endpoint, with an API key of Bedrock, in a region.
  bedrock: { catalogue: 'aws' },
  mistral: { catalogue: 'mistral', base_url: 'https://api.mistral.ai/v1', asks_for_usage: false },
  groq: { catalogue: 'groq', base_url: 'https://api.groq.com/openai/v1' },
  deepseek: { catalogue: 'deepseek', base_url: 'https://api.deepseek.com/v1' },
  'deepseek-anthropic': {
    base_url: 'https://api.deepseek.com/anthropic/v1',
    dialects: ['anthropic'],
    catalogue: 'deepseek',
  },
  xai: { base_url: 'https://api.x.ai/v1', catalogue: 'x-ai' },
  together: { catalogue: 'together', base_url: 'https://api.together.xyz/v1' },
  fireworks: { catalogue: 'fireworks', base_url: 'https://api.fireworks.ai/inference/v1' },
  perplexity: {
    catalogue: 'perplexity',
    base_url: 'https://api.perplexity.ai',
    asks_for_usage: false,
  },
  openrouter: { catalogue: 'openrouter', base_url: 'https://openrouter.ai/api/v1' },
  cohere: { catalogue: 'cohere', base_url: 'https://api.cohere.ai/compatibility/v1' },
  ollama: { base_url: 'http://127.0.0.1:11434/v1' },
  vllm: { base_url: 'http://127.0.0.1:8000/v1' },
  'llama.cpp': { base_url: 'http://127.0.0.1:8080/v1' },
} as const satisfies Readonly<Record<string, Preset>>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as [PresetName, ...PresetName[]];

/**
 * A configuration as it was written, with what its presets say where it says nothing.
 *
 * @param given of any shape: what is wrong with it is found when it is parsed
 */
export function withPresets(given: unknown): unknown {
  const { providers } = (isFields(given) ? given : {}) as { providers?: unknown };
  if (!isFields(providers)) return given;
  const filled = Object.entries(providers).map(([name, provider]) => [name, filledIn(provider)]);
  return { ...(given as object), providers: Object.fromEntries(filled) };
}

function filledIn(provider: unknown): unknown {
  if (!isFields(provider)) return provider;
  const { preset } = provider;
  if (typeof preset !== 'string' || !Object.hasOwn(presets, preset)) return provider;
  return { ...presets[preset as PresetName], ...provider };
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
