/** Where clients ask which models they may use, in the form of their dialect. */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Dialect } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { type ModelDeps, servedModel, servedModels } from './models.ts';
import type { ServedPaths } from './paths.ts';

export function addModelRoutes(
  app: FastifyInstance,
  deps: ModelDeps,
  dialect: Dialect,
  paths: ServedPaths,
  gate: {
    onRequest: onRequestHookHandler;
    refuse: (reply: Parameters<onRequestHookHandler>[1], refusal: Refusal) => void;
  },
): void {
  const { path, list, entry } = dialect.models;
  const { onRequest, refuse } = gate;
  const route = { config: { dialect }, onRequest };
  paths.add(path, 'GET');
  app.get(path, route, async (request, reply) => {
    const models = servedModels(deps, keyOf(request));
    return reply.type('application/json').send(list(models));
  });
  // The rest of the path, whatever is in it: names have slashes and colons, escaped or not
  // (BerriAI/litellm#37271, ollama/ollama#10139).
  paths.add(`${path}/*`, 'GET');
  app.get<{ Params: { '*': string } }>(`${path}/*`, route, (request, reply) => {
    const name = request.params['*'];
    const access = deps.directory.modelAccessOf(keyOf(request));
    const model = servedModel(deps, access, name);
    if (!('code' in model)) return reply.type('application/json').send(entry(model));
    const message = `No provider here serves this model. GET ${path} lists those that are served.`;
    const isKnown = model.code === 'model_not_allowed';
    refuse(reply, isKnown ? model : { code: 'model_not_found', param: 'model', message });
    return reply;
  });
}

function keyOf({ key }: FastifyRequest): KeyView {
  if (key === null) throw new Error('a request without a key passed the gate');
  return key;
}
