/**
 * Azure's older paths: `/openai/deployments/{name}/chat/completions?api-version=…`. As a client's, the name
 * in the path is the model, whatever the body says, as at Azure; as a provider's, the model goes there.
 */
import { isUtf8 } from 'node:buffer';
import type { Refusal } from '../../errors.ts';
import { memberOf, scanJson, withEdits } from '../../relay/json-scan.ts';
import type { CallTarget, Endpoint } from '../dialect.ts';

const MARK = '/deployments/';
const NAME_LENGTH_MAX = 256;

/** Of the paths below a base URL, those that Azure has below each deployment; the others name it in the body. */
const OF_A_DEPLOYMENT: ReadonlySet<string> = new Set([
  ...['/chat/completions', '/completions', '/embeddings'],
  ...['/images/generations', '/images/edits'],
  ...['/audio/speech', '/audio/transcriptions', '/audio/translations'],
]);

/** Where such a provider takes what is sent to `path`, below its base URL. */
export function azurePaths(apiVersion: string): (path: string, model: string) => string {
  const version = `api-version=${encodeURIComponent(apiVersion)}`;
  return (path, model) => {
    const at = OF_A_DEPLOYMENT.has(path) ? MARK + encodeURIComponent(model) : '';
    return `${at}${path}${path.includes('?') ? '&' : '?'}${version}`;
  };
}

/** The same endpoint where Azure's clients send its calls. */
export function atDeployment(endpoint: Endpoint): Endpoint {
  return {
    ...endpoint,
    path: `${MARK}:deployment${endpoint.path.replace('/v1', '')}`,
    aliases: [],
    target: deploymentIn,
    read: ({ body, target }, depthMax) => {
      // seam: deployment-is-the-model
      const named = target === undefined ? body : withModel(body, target.model);
      return endpoint.read({ body: named }, depthMax);
    },
  };
}

function deploymentIn(url: string): CallTarget | Refusal {
  const [path = ''] = url.split('?', 1);
  const start = path.indexOf(MARK) + MARK.length;
  const model = decoded(path.slice(start, path.indexOf('/', start)));
  if (model === null || model === '' || model.length > NAME_LENGTH_MAX) {
    return { code: 'model_not_found', param: 'model' };
  }
  return { model, asEvents: false };
}

function decoded(name: string): string | null {
  try {
    return decodeURIComponent(name);
  } catch {
    // It is no name of a model, however it is read.
    return null;
  }
}

/** What is no object is left as it is, for its reader to refuse; so is a model that is named twice. */
function withModel(body: Buffer, model: string): Buffer {
  const text = body.toString('utf8');
  try {
    const json: unknown = JSON.parse(text);
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return body;
    if ((json as { model?: unknown }).model === model) return body;
  } catch {
    return body;
  }
  const bytes = isUtf8(body) ? body : Buffer.from(text);
  const scan = scanJson(bytes, text);
  const value = JSON.stringify(model);
  const member = memberOf(scan, 'model');
  if (member !== undefined) {
    return withEdits(bytes, [{ start: member.start, end: member.end, text: value }]);
  }
  const at = bytes.indexOf('{') + 1;
  const more = scan.members.length > 0 ? ',' : '';
  return withEdits(bytes, [{ start: at, end: at, text: `"model":${value}${more}` }]);
}
