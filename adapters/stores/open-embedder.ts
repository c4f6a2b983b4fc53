/** The model on this machine that the configuration names for questions of the cache. */
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import type { Embedder } from '../embedding/embedder.ts';

/**
 * Nothing of it is loaded where no rule asks for it.
 *
 * @throws Error that says what to install, or which file cannot be read
 */
export async function openEmbedder({
  cache: { embeddings, rules },
}: Pick<TollgateConfig, 'cache'>): Promise<Embedder | undefined> {
  if (embeddings === undefined || !('local' in embeddings)) return undefined;
  if (!rules.some(({ mode }) => mode === 'semantic')) return undefined;
  const { openOnnxEmbedder } = await import('../embedding/onnx-embedder.ts');
  return openOnnxEmbedder(embeddings.local);
}
