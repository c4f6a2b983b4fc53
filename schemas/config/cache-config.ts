/** `cache` of `tollgate.yaml`: which calls may be answered from the cache. Without a rule, none. */
import { z } from 'zod';
import { objectId, shortName } from '../names/names.ts';

/** A month: models change. */
const TTL_SECONDS_MAX = 31 * 24 * 3_600;
const LIST_MAX = 256;

const rule = z.strictObject({
  /** Patterns of the names that clients send, of models and routes. Default: any. */
  models: z.array(shortName).min(1).max(LIST_MAX).optional(),
  /** Ids. Default: of any key, of any customer. */
  keys: z.array(objectId).min(1).max(LIST_MAX).optional(),
  customers: z.array(objectId).min(1).max(LIST_MAX).optional(),
  /** `exact`: an answer to the same request. `off`: an exception to the rules that follow. */
  mode: z.enum(['exact', 'off']).default('exact'),
  /**
   * Who shares answers. `installation`: all customers, so that one of them learns from how soon an answer
   * comes that another has asked the same.
   */
  namespace: z.enum(['customer', 'key', 'end_user', 'installation']).default('customer'),
  ttl_seconds: z.int().min(1).max(TTL_SECONDS_MAX).default(3_600),
  /** What a hit costs, in percent of what the call would have cost. */
  charge_percent: z.int().min(0).max(100).default(0),
});

export const cache = z.strictObject({
  /** The first one that fits a call decides. */
  rules: z.array(rule).max(LIST_MAX).default([]),
});
