/** Where clients ask which models they may use, in the form of their dialect. */
import type { FastifyInstance, FastifyRequest, onRequestHookHandler } from 'fastify';
import type { Dialect } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { type ModelDeps, servedModel, servedModels } from './models.ts';
import type { ServedPaths } from './paths.ts';

/** @param dialects all of them: several may have the same path, and the head says which one is meant */
export function addModelRoutes(
  app: FastifyInstance,
  deps: ModelDeps,
  dialects: readonly Dialect[],
  paths: ServedPaths,
  gate: {
    /** @param dialect that a path is of */
    onRequest: (dialect: Dialect) => onRequestHookHandler;
    refuse: (reply: Parameters<onRequestHookHandler>[1], refusal: Refusal) => void;
  },
): void {
  const served = dialects.flatMap((dialect) =>
    withPrefixes(dialect, dialect.models.path, ...(dialect.models.aliases ?? [])).map((path) => ({
      path,
      dialect,
    })),
  );
  for (const [path, speakers] of Map.groupBy(served, (one) => one.path)) {
    const all = speakers.map(({ dialect }) => dialect);
    addModelRoute(app, deps, path, all, paths, gate);
  }
}

/** Paths of a dialect, as they are and below its prefixes, if they are not below one already. */
export function withPrefixes({ prefixes = [] }: Dialect, ...paths: readonly string[]): string[] {
  const bare = paths.filter((path) => !prefixes.some((prefix) => path.startsWith(`${prefix}/`)));
  return [...paths, ...prefixes.flatMap((prefix) => bare.map((path) => prefix + path))];
}

function addModelRoute(
  app: FastifyInstance,
  deps: ModelDeps,
  path: string,
  speakers: readonly Dialect[],
  paths: ServedPaths,
  { onRequest, refuse }: Parameters<typeof addModelRoutes>[4],
): void {
  const [first] = speakers as [Dialect];
  const speakerOf = ({ headers }: FastifyRequest) =>
    speakers.find(({ models }) => models.isAskedBy(headers)) ?? first;
  const route = { config: { dialect: first }, onRequest: onRequest(first) };
  paths.add(path, 'GET');
  app.get(path, route, async (request, reply) => {
    const { name, models } = speakerOf(request);
    const served = servedModels(deps, keyOf(request), name);
    return reply.type('application/json').send(models.list(served));
  });
  // The rest of the path, whatever is in it: names have slashes and colons, escaped or not
  // (BerriAI/litellm#37271, ollama/ollama#10139).
  paths.add(`${path}/*`, 'GET');
  app.get<{ Params: { '*': string } }>(`${path}/*`, route, (request, reply) => {
    const name = request.params['*'];
    const access = deps.directory.modelAccessOf(keyOf(request));
    const speaker = speakerOf(request);
    const model = servedModel(deps, access, name, speaker.name);
    if (!('code' in model)) {
      return reply.type('application/json').send(speaker.models.entry(model));
    }
    const message = `No provider here serves this model. GET ${path} lists those that are served.`;
    const isKnown = model.code === 'model_not_allowed' || model.code === 'dialect_not_served';
    refuse(reply, isKnown ? model : { code: 'model_not_found', param: 'model', message });
    return reply;
  });
}

function keyOf({ key }: FastifyRequest): KeyView {
  if (key === null) throw new Error('a request without a key passed the gate');
  return key;
}
