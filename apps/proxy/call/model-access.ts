/** Which part of its route a call may take, and what a client is told of models that it may not use. */
import type { ModelAccess, ModelRefusal } from '@tollgate/domain/routing/model-access.ts';
import type { CallRequest } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';
import type { Remedy } from './remedy.ts';

type Asked = Pick<CallRequest, 'model' | 'otherModels'>;

/** A fallback that the key may not use is left out; what is left is never empty. */
export function allowedRoute(
  access: ModelAccess,
  { model, otherModels }: Asked,
  route: readonly Deployment[],
): readonly Deployment[] | Refusal {
  // The provider would choose among models that were compared with no list.
  if (otherModels !== null) return otherModelsRefusal(otherModels);
  const refusals = route.map((deployment, index) =>
    access.refusal(model, deployment.model, index > 0),
  );
  const allowed = route.filter((_, index) => refusals[index] === null);
  if (allowed.length > 0) return allowed;
  return modelRefusal(refusals[0] as ModelRefusal, model, (route[0] as Deployment).model);
}

const REMEDY: Remedy = {
  action: 'use_another_model',
  text: 'Use a model that GET /v1/models lists, or ask your operator to allow this one.',
};

export function modelRefusal(
  { scope, reason, pattern }: ModelRefusal,
  requested: string,
  served: string,
): Refusal {
  const as = requested === served ? '' : `, which is \`${served}\` at its provider`;
  const why = pattern === null ? 'its list of models does not have it' : `\`${pattern}\` is denied`;
  return {
    code: 'model_not_allowed',
    param: 'model',
    message: `This ${scope} may not use the model \`${requested}\`${as}: ${why}. ${REMEDY.text}`,
    limit: { scope, reason, pattern, model: requested, model_served: served },
    remedy: REMEDY,
  };
}

export function otherModelsRefusal(member: string): Refusal {
  const text = `Leave \`${member}\` out, and name one model.`;
  return {
    code: 'model_not_allowed',
    param: member,
    message: `\`${member}\` lets the provider choose other models, and the models of this key are limited. ${text}`,
    limit: { scope: null, reason: 'names_other_models', pattern: null },
    remedy: { action: 'change_request', text },
  };
}
