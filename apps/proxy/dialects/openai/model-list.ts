/** `GET /v1/models`: every model name that a call may use here. */
import type { ServedModel } from '../dialect.ts';

type ModelEntry = { id: string; object: 'model'; created: number; owned_by: string };

export function modelList(models: readonly ServedModel[]): {
  object: 'list';
  data: ModelEntry[];
} {
  const data = models.map(
    ({ name, provider }): ModelEntry => ({
      id: name,
      object: 'model',
      created: 0,
      owned_by: provider,
    }),
  );
  return { object: 'list', data };
}
