/** `GET /v1/models` and `GET /v1/models/{id}`: every model name that a call may use here. */
import type { ServedModel } from '../dialect.ts';

type ModelEntry = { id: string; object: 'model'; created: number; owned_by: string };

export const modelEntry = ({ name, provider }: ServedModel): ModelEntry => ({
  id: name,
  object: 'model',
  created: 0,
  owned_by: provider,
});

export function modelList(models: readonly ServedModel[]): {
  object: 'list';
  data: ModelEntry[];
} {
  return { object: 'list', data: models.map(modelEntry) };
}
