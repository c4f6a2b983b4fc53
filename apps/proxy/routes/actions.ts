/** Paths that end in a word behind a colon: `/v1beta/models/{model}:{action}`. Each word is an endpoint. */
import type { Endpoint, FreeEndpoint } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';

/** Of a URL: what is behind the last colon of its path. */
export function actionOf(url: string): string {
  const [path = ''] = url.split('?', 1);
  return path.slice(path.lastIndexOf(':') + 1);
}

/** @param endpoints of the path that was asked for */
export function noSuchAction(endpoints: readonly (Endpoint | FreeEndpoint)[]): Refusal {
  const served = endpoints.map(({ action }) => `\`${action}\``).join(', ');
  return {
    code: 'unknown_endpoint',
    message: `Of a model, this gateway serves ${served}: name one of them behind a colon.`,
  };
}
