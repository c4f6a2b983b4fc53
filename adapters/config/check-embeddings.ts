/** Whether the model for questions of the cache can be opened, before anything is: it is installed by who wants it. */
import { accessSync } from 'node:fs';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { findRuntime } from '../embedding/onnx-runtime.ts';
import { ConfigError } from './load-config.ts';

/** @throws ConfigError naming the file that cannot be read, or what to install */
export function checkEmbeddings({
  cache: { embeddings, rules },
}: Pick<TollgateConfig, 'cache'>): void {
  if (embeddings === undefined || !('local' in embeddings)) return;
  if (!rules.some(({ mode }) => mode === 'semantic')) return;
  for (const [name, path] of Object.entries(embeddings.local)) {
    try {
      accessSync(path);
    } catch {
      throw new ConfigError(`cache.embeddings.local.${name}: ${path} cannot be read`);
    }
  }
  try {
    findRuntime();
  } catch (error) {
    throw new ConfigError((error as Error).message);
  }
}
