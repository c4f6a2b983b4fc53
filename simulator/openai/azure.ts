/**
 * OpenAI's dialect at Azure's older paths: the deployment is in the path, whatever the body says, the version
 * of the interface in the query, and the key in a header of its own.
 */
import type { IncomingMessage } from 'node:http';
import type { Dialect, Found, PaidEndpoint } from '../calls/dialect.ts';
import { ApiError } from '../http/openai-error.ts';
import { findOpenAi } from './openai.ts';

export const azure: Dialect = {
  authorise(request: IncomingMessage, url: URL): void {
    if (!/^\d{4}-\d{2}-\d{2}(-preview)?$/.test(url.searchParams.get('api-version') ?? '')) {
      throw new ApiError(404, 'Resource not found', '404');
    }
    if (/^\S+$/.test(String(request.headers['api-key'] ?? ''))) return;
    throw new ApiError(401, 'Access denied due to invalid subscription key.', '401');
  },
  errorBody: (error) => error.body(),
};

export const isAzure = (path: string) => path.startsWith('/openai/');

export function findAzure(method: string | undefined, path: string): Found | undefined {
  const [, deployment, ofDeployment] = /^\/openai\/deployments\/([^/]+)(\/.+)$/.exec(path) ?? [];
  const rest = ofDeployment ?? path.slice('/openai'.length);
  const found = findOpenAi(method, `/v1${rest}`);
  if (found === undefined) return undefined;
  if ('free' in found) return { ...found, dialect: azure };
  if (deployment === undefined) return undefined;
  return { ...found, dialect: azure, paid: named(found.paid, decodeURIComponent(deployment)) };
}

function named(paid: PaidEndpoint, model: string): PaidEndpoint {
  return { ...paid, read: (call) => paid.read({ ...call, body: { ...call.body, model } }) };
}
