/**
 * `POST /v1/routes/explain`: where a request would go, and why not elsewhere (docs/design.md, Route). It
 * takes the body of a call and is none: nothing is sent, held, counted or recorded.
 */
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import type { RouteExplanation } from '@tollgate/schemas/http/route-explanation.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { budgetsOfModel } from '../budget/path-budget.ts';
import type { CallDeps } from '../call/call-deps.ts';
import type { Calls } from '../call/call-gate.ts';
import { END_USER_REQUIRED, withEndUser } from '../call/end-user.ts';
import { holdRequests, imposedLimit } from '../call/holds.ts';
import type { Place } from '../call/in-flight.ts';
import { otherModelsRefusal } from '../call/model-access.ts';
import { limitForRates, limitsOnPath, rateBound } from '../call/rates.ts';
import type { CallRequest, Endpoint, FactsRead, IncomingCall } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { Deployment } from '../routing/deployments.ts';
import { type Considered, type Plan, refusalOf } from '../routing/router.ts';

type Refuse = (reply: FastifyReply, refusal: Refusal) => void;

export class ExplainHandler implements Calls {
  readonly #deps: CallDeps;
  readonly #calls: Pick<Calls, 'enter'>;
  readonly #refuse: Refuse;

  constructor(deps: CallDeps, calls: Pick<Calls, 'enter'>, refuse: Refuse) {
    this.#deps = deps;
    this.#calls = calls;
    this.#refuse = refuse;
  }

  enter(key: KeyView): Place | Refusal {
    return this.#calls.enter(key);
  }

  refuse(_endpoint: Endpoint, _key: KeyView, refusal: Refusal, reply: FastifyReply): void {
    this.#refuse(reply, refusal);
  }

  handle(
    endpoint: Endpoint,
    key: KeyView,
    place: Place,
    incoming: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> | void {
    const { bodies, limits } = this.#deps;
    const { body } = incoming as IncomingCall;
    const explain = (read: FactsRead) => {
      place.leave();
      const answer = this.#explain(endpoint, read, key, incoming);
      if ('code' in answer) return this.#refuse(reply, answer);
      void reply.type('application/json').send(JSON.stringify(answer));
    };
    if (body.length > limits.bodyInlineBytesMax) {
      return bodies.read(endpoint.name, body, key.customerId).then(explain);
    }
    return explain(endpoint.read({ body }, limits.requestDepthMax));
  }

  #explain(
    endpoint: Endpoint,
    read: FactsRead,
    key: KeyView,
    { headers }: FastifyRequest,
  ): RouteExplanation | Refusal {
    if (!read.ok) return read.refusal;
    const named = withEndUser(read.facts, headers);
    if ('code' in named) return named;
    const request = endpoint.open(named);
    const nowMs = Date.now();
    const { router } = this.#deps;
    const route = router?.find(request.model, nowMs);
    if (router === undefined || route === undefined) {
      const message = `There is no route \`${request.model}\`: a call of it goes where its model is.`;
      return { code: 'model_not_found', param: 'model', message };
    }
    if (key.endUserRequired && request.endUser === null) return END_USER_REQUIRED;
    if (request.otherModels !== null && this.#deps.directory.modelAccessOf(key) !== null) {
      return otherModelsRefusal(request.otherModels);
    }
    const header = (name: string) => headers[name]?.toString();
    const plan = router.consider(route, { request, key, header, nowMs });
    return this.#explanation(plan, request, key);
  }

  #explanation(plan: Plan, request: CallRequest, key: KeyView): RouteExplanation {
    const { route, terms, considered, stops, complexity, shadow } = plan;
    const asked = stops.map((stop) => ({
      stop,
      held: this.#holds(request, key, stop.deployment),
    }));
    // What can never be admitted is passed over by a call.
    const tried = asked.filter(({ held }) => !('code' in held));
    const held = (tried[0] ?? asked[0])?.held ?? refusalOf(plan);
    return {
      object: 'route_explanation',
      route: route.name,
      version: route.version,
      rule: terms.rule,
      strategy: terms.strategy,
      order: tried.map(({ stop }) => nameOf(stop.deployment)),
      holds: 'code' in held ? null : held,
      refused: 'code' in held ? held.code : null,
      complexity: complexity === null ? null : complexityShown(complexity),
      shadow: shadow === null ? null : nameOf(shadow),
      candidates: considered.map((one) => {
        const its = asked.find(({ stop }) => stop === one)?.held ?? [];
        return shown(one, 'code' in its ? its.code : null);
      }),
    };
  }

  #holds(request: CallRequest, key: KeyView, deployment: Deployment) {
    const ofKey = this.#deps.directory.budgetsOf(key);
    const onPath = budgetsOfModel(ofKey, request.model, deployment);
    const rates = limitsOnPath(this.#deps.directory, key, request, deployment);
    const limit =
      imposedLimit(onPath, request, deployment) ?? limitForRates(rates, request, deployment);
    const wanted = holdRequests(onPath, request, deployment, limit);
    if ('code' in wanted) return wanted;
    const bound = rateBound(rates, request, deployment, limit);
    if ('code' in bound) return bound;
    return wanted.map(({ definition, amount }) => ({
      scope: definition.per ?? definition.scope.type,
      window: definition.window,
      unit: definition.unit,
      amount: formatDecimal12(amount),
    }));
  }
}

function nameOf({ provider, model }: Deployment): string {
  return `${provider.name}/${model}`;
}

function complexityShown({ score, threshold, isHard, features }: NonNullable<Plan['complexity']>) {
  const rounded = Object.entries(features).map(([name, figure]): [string, number] => [
    name,
    Math.round(figure * 1_000) / 1_000,
  ]);
  return { score, threshold, hard: isHard, features: Object.fromEntries(rounded) };
}

function shown(
  one: Considered,
  notAdmitted: string | null,
): RouteExplanation['candidates'][number] {
  const { candidate, deployment, refusal, lacks, worstCase, openUntilMs } = one;
  return {
    model: candidate.model,
    deployment: deployment === null ? null : nameOf(deployment),
    refused: refusal?.code ?? notAdmitted,
    lacks: lacks.map(({ what, needed, known, isSure }) => ({ what, needed, known, sure: isSure })),
    worst_case: worstCase === null ? null : formatDecimal12(worstCase),
    price_version: deployment?.price?.version ?? null,
    cooling_down_ms: Math.max(0, Math.round(openUntilMs - performance.now())),
  };
}
