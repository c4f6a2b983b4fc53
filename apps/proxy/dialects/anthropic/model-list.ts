/** `GET /v1/models` and `GET /v1/models/{id}` as Anthropic's SDKs read them: one page of all there is. */
import type { ServedModel } from '../dialect.ts';

type ModelEntry = { type: 'model'; id: string; display_name: string; created_at: string };

/** No list here says when a model appeared. */
const UNKNOWN = '1970-01-01T00:00:00Z';

export const modelEntry = ({ name }: ServedModel): ModelEntry => ({
  ...{ type: 'model', id: name, display_name: name },
  created_at: UNKNOWN,
});

export function modelList(models: readonly ServedModel[]) {
  const [first, last] = [models[0]?.name ?? null, models.at(-1)?.name ?? null];
  return { data: models.map(modelEntry), has_more: false, first_id: first, last_id: last };
}
