/** `GET /v1beta/models` and `GET /v1beta/models/{id}` as Google's SDKs read them: one page of all there is. */
import type { ServedModel } from '../dialect.ts';

type ModelEntry = { name: string; displayName: string; supportedGenerationMethods: string[] };

export const modelEntry = ({ name }: ServedModel): ModelEntry => ({
  name: `models/${name}`,
  displayName: name,
  supportedGenerationMethods: ['generateContent', 'streamGenerateContent', 'embedContent'],
});

export function modelList(models: readonly ServedModel[]): { models: ModelEntry[] } {
  return { models: models.map(modelEntry) };
}
