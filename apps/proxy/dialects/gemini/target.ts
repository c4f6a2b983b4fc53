/** Gemini's paths: `/v1beta/models/{model}:{action}`, and what their query asks for. */
import type { Refusal } from '../../errors.ts';
import type { CallTarget } from '../dialect.ts';

export const MODELS_PATH = '/v1beta/models';

export const CALLS_PATH = `${MODELS_PATH}/*`;

const NAME_LENGTH_MAX = 256;
/** Query parameters that change nothing of what is answered. */
const IGNORED: ReadonlySet<string> = new Set(['prettyPrint', '$prettyPrint']);
const OTHER_PARAMETER =
  'Of query parameters, `alt=sse`, `alt=json` and `key` are taken here: others may leave out of an answer what its usage is.';

/**
 * What the path says, whose action is known already. A model's name may have colons and slashes in it,
 * escaped or not (ollama/ollama#10139): the action is behind the last colon.
 *
 * @param url without the key
 */
export function targetOf(url: string): CallTarget | Refusal {
  const [path = '', query = ''] = url.split('?', 2);
  const marker = '/models/';
  const name = path.slice(path.indexOf(marker) + marker.length, path.lastIndexOf(':'));
  const model = decoded(name);
  if (model === null || model === '' || model.length > NAME_LENGTH_MAX) {
    return { code: 'model_not_found', param: 'model' };
  }
  let asEvents = false;
  for (const [parameter, value] of new URLSearchParams(query)) {
    const isForm = parameter === 'alt' || parameter === '$alt';
    if (isForm && value === 'sse') asEvents = true;
    else if (!(isForm && value === 'json') && !IGNORED.has(parameter)) {
      return { code: 'invalid_request', message: OTHER_PARAMETER };
    }
  }
  return { model, asEvents };
}

function decoded(name: string): string | null {
  try {
    return decodeURIComponent(name);
  } catch {
    // It is no name of a model, however it is read.
    return null;
  }
}
