/** Every dialect that conversations are translated from and to. */
import type { DialectName } from '@tollgate/schemas/config/provider-dialects.ts';
import { anthropicCodec } from './anthropic/codec.ts';
import type { Codec } from './codec.ts';
import { geminiCodec } from './gemini/codec.ts';
import { openAiCodec } from './openai/codec.ts';

const codecs: readonly Codec[] = [openAiCodec, anthropicCodec, geminiCodec];

/** By the endpoint of the client's call. */
export function codecOfEndpoint(endpoint: string): Codec | undefined {
  return codecs.find(
    (codec) => codec.endpoint(false) === endpoint || codec.endpoint(true) === endpoint,
  );
}

/** Of what a provider speaks. */
export function codecOfDialect(dialect: DialectName): Codec | undefined {
  return codecs.find((codec) => codec.dialect === dialect);
}
