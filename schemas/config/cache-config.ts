/** `cache` of `tollgate.yaml`: which calls may be answered from the cache. Without a rule, none. */
import { z } from 'zod';
import { objectId, shortName } from '../names/names.ts';

/** A month: models change. */
const TTL_SECONDS_MAX = 31 * 24 * 3_600;
const LIST_MAX = 256;
/** Below it, questions have a subject in common and no more. */
const THRESHOLD_MIN = 0.7;
const path = z.string().min(1).max(4_096);

const rule = z.strictObject({
  /** Patterns of the names that clients send, of models and routes. Default: any. */
  models: z.array(shortName).min(1).max(LIST_MAX).optional(),
  /** Ids. Default: of any key, of any customer. */
  keys: z.array(objectId).min(1).max(LIST_MAX).optional(),
  customers: z.array(objectId).min(1).max(LIST_MAX).optional(),
  /**
   * `exact`: an answer to the same request. `semantic`: also to a question that means the same, of models that
   * `models` names. `off`: an exception to the rules that follow.
   */
  mode: z.enum(['exact', 'semantic', 'off']).default('exact'),
  /** Of `semantic`: the least cosine of two such questions. Default: 0.9 (docs/caching.md). */
  threshold: z.number().min(THRESHOLD_MIN).max(1).optional(),
  /** Of `semantic`: also of the last question of a conversation whose earlier turns are the same. */
  multi_turn: z.boolean().optional(),
  /**
   * Who shares answers. `installation`: all customers, so that one of them learns from how soon an answer
   * comes that another has asked the same.
   */
  namespace: z.enum(['customer', 'key', 'end_user', 'installation']).default('customer'),
  ttl_seconds: z.int().min(1).max(TTL_SECONDS_MAX).default(3_600),
  /** What a hit costs, in percent of what the call would have cost. */
  charge_percent: z.int().min(0).max(100).default(0),
});

const fields = z.strictObject({
  /** What makes vectors of questions: a model or route for embeddings, or a model in files of this machine. */
  embeddings: z
    .union([
      z.strictObject({ model: shortName }),
      z.strictObject({ local: z.strictObject({ model: path, vocabulary: path }) }),
    ])
    .optional(),
  /** The first one that fits a call decides. */
  rules: z.array(rule).max(LIST_MAX).default([]),
});

export const cache = fields.superRefine(({ embeddings, rules }, context) => {
  for (const [index, { mode, models, threshold, multi_turn }] of rules.entries()) {
    const refuse = (name: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['rules', index, name], message });
    if (mode !== 'semantic') {
      const isSet = { threshold: threshold !== undefined, multi_turn: multi_turn !== undefined };
      for (const [name, is] of Object.entries(isSet)) {
        if (is) refuse(name, 'says something with mode: semantic alone');
      }
      continue;
    }
    if (models === undefined) refuse('models', 'mode: semantic is for models that are named here');
    if (embeddings === undefined) refuse('mode', 'mode: semantic needs cache.embeddings');
  }
});
