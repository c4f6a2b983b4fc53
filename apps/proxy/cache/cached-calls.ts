/**
 * The cache on the path of a call (docs/design.md, Cache): whether a call is answered from it, waits for
 * an equal one that runs, or is sent, and whether its answer is stored. Only of calls that a rule fits;
 * all others pass as if there were none.
 */
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import { cacheDirectives } from '@tollgate/domain/cache/cache-directives.ts';
import { cacheKeyText, namespaceText } from '@tollgate/domain/cache/cache-key.ts';
import { type CacheRule, CacheRules } from '@tollgate/domain/cache/cache-rules.ts';
import { mayServe } from '@tollgate/domain/cache/freshness.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import type { AttemptFacts } from '../call/attempt-facts.ts';
import type { CallDeps } from '../call/call-deps.ts';
import { refuseCall } from '../call/refusal.ts';
import type { Refusal } from '../errors.ts';
import type { ProxyLimits } from '../limits.ts';
import type { Deployment } from '../routing/deployments.ts';
import { type CacheEntry, entryBytes, readEntry } from './cache-entry.ts';
import type { CacheCounts } from './cache-families.ts';
import { answerFromCache, leaveUnanswered, pricedHit } from './cache-hit.ts';
import type { CachePurges } from './cache-purges.ts';
import type { CacheName, NearNote } from './cache-recording.ts';
import { keyOf } from './call-key.ts';
import { Flight, Flights } from './flights.ts';
import { inTime, type NearCalls } from './near-calls.ts';
import type { RoutedCall } from './routed-call.ts';
import { storableEntry } from './storable-entry.ts';
import { StorePurges } from './store-purges.ts';

/** What is looked for, and under which name the answer is stored. */
type Lookup = CacheName & { call: RoutedCall };

/** What a call's question has come to. */
type Near = { refusal: Refusal | null; note: NearNote | null; entry: CacheEntry | null };

export type CacheSettings = {
  rules: readonly CacheRule[];
  /** Digest of each provider's base URL, by its name. */
  origins: ReadonlyMap<string, string>;
  /** Name of what makes vectors of questions, if that is a model that calls are sent to. */
  embeddingModel?: string | undefined;
};

export type CachedCallsDeps = CacheSettings & {
  store: AnswerCache;
  purges: CachePurges;
  limits: ProxyLimits;
  /** Of rules that let an answer be given to another question; undefined: there is none. */
  near?: NearCalls | undefined;
  onError: (error: unknown, doing: 'read' | 'write' | 'purge') => void;
};

/** Equal calls that one waits for, one after the other. */
const WAITS_MAX = 2;
const DONE = Promise.resolve();

export class CachedCalls {
  readonly #deps: CachedCallsDeps;
  readonly #rules: CacheRules;
  readonly #flights: Flights;
  readonly #purging: StorePurges;
  readonly counts: CacheCounts = { hits: 0, coalesced: 0, semantic: 0, misses: 0, failures: 0 };

  constructor(deps: CachedCallsDeps) {
    this.#deps = deps;
    this.#rules = new CacheRules(deps.rules);
    this.#flights = new Flights(deps.limits.cacheFlightsMax);
    const { store, limits } = deps;
    this.#purging = new StorePurges({ store, limits, onError: (e) => this.#failed(e, 'purge') });
    deps.purges.onPurge((purge) => this.#purging.add(purge));
  }

  /** Calls that others may wait for. */
  get waitedFor(): number {
    return this.#flights.size;
  }

  /** Answers the call from the cache, or sends it. */
  serve(calls: CallDeps, call: RoutedCall): Promise<void> {
    const lookup = this.#lookupOf(call);
    return lookup === null ? call.aim.send() : this.#serve(calls, lookup);
  }

  /** Once an attempt's end is durable, before its last byte leaves. */
  settled(facts: AttemptFacts, outcome: AttemptOutcome): void {
    const { cached } = facts;
    if (cached === undefined) return;
    const origin = this.#originOf(facts.deployment.provider.name);
    const { cachedAnswerBytesMax } = this.#deps.limits;
    const { lookup, note, flight } = cached;
    const entry = storableEntry(lookup, facts, outcome, origin, cachedAnswerBytesMax);
    if (entry === null) return;
    flight?.end(entry);
    const { key, purgesSeen } = lookup;
    const { customerId, model, storedAtMs, expiresAtMs } = entry;
    const ttlMs = expiresAtMs - storedAtMs;
    if (ttlMs === 0) return;
    // Purged while the call ran: its bytes would stay where they have just been removed.
    if (purgesSeen < this.#deps.purges.of(entry)) return;
    const answer = { key, customerId, model, purgesSeen, ttlMs, value: entryBytes(entry) };
    this.#deps.store.put(answer).catch((error) => this.#failed(error, 'write'));
    if (note !== null) this.#deps.near?.put(note, key, entry);
  }

  async close(): Promise<void> {
    await this.#purging.close();
    await this.#deps.near?.close();
    await this.#deps.store.close();
  }

  #lookupOf(call: RoutedCall): Lookup | null {
    const { facts, aim, headers } = call;
    const { request, key: owner, endpoint } = facts;
    const rule = this.#rules.of(owner, request.model);
    if (rule === null) return null;
    const asked = cacheDirectives(headers);
    // Under its own key it is answered from its own record, which is of what was sent.
    const directives = facts.recording === null ? asked : { ...asked, reads: false };
    if (!directives.stores) return null;
    // Its guardrails judge an answer for this call alone, and pay for it.
    // seam: judged-answers-are-not-cached
    if (facts.guard !== null && facts.guard.judges.length > 0) return null;
    if (request.body.length > this.#deps.limits.cachedBodyBytesMax) return null;
    if (aim.answerers.some(({ model }) => request.unboundedModel(model) !== null)) return null;
    const whose = {
      of: rule.namespace,
      text: namespaceText(rule.namespace, owner, request.endUser),
    };
    const key = keyOf(request, whose, endpoint.name, headers, aim.part);
    if (key === null) return null;
    const purgesSeen = this.#deps.purges.seen;
    return { call, rule, directives, namespace: whose.text, key, purgesSeen };
  }

  /** On the path of every such call: nothing is awaited where nothing has to be waited for. */
  #serve(calls: CallDeps, lookup: Lookup): Promise<void> {
    const { directives, key } = lookup;
    if (!directives.reads) return this.#send(lookup, this.#begin(lookup), null);
    if (this.#flights.of(key) !== undefined) return this.#follow(calls, lookup);
    return this.#lookUp(calls, lookup, this.#begin(lookup));
  }

  /** Behind an equal call that runs. */
  async #follow(calls: CallDeps, lookup: Lookup): Promise<void> {
    const { call } = lookup;
    const { reply, facts } = call;
    const joined = await this.#join(lookup);
    if (reply.raw.destroyed) return leaveUnanswered(calls, call);
    if (joined === undefined || joined instanceof Flight) {
      return this.#lookUp(calls, lookup, joined);
    }
    if (!('code' in joined)) return this.#hit(calls, lookup, joined, 'coalesced');
    call.place.leave();
    return refuseCall(calls, reply, joined, facts);
  }

  #lookUp(calls: CallDeps, lookup: Lookup, flight: Flight | undefined): Promise<void> {
    const found = this.#find(lookup);
    if (found instanceof Promise) {
      return found.then((late) => this.#looked(calls, lookup, flight, late));
    }
    return this.#looked(calls, lookup, flight, found);
  }

  #looked(
    calls: CallDeps,
    lookup: Lookup,
    flight: Flight | undefined,
    found: CacheEntry | null,
  ): Promise<void> {
    const { call, rule } = lookup;
    if (call.reply.raw.destroyed) {
      leaveUnanswered(calls, call);
      return DONE;
    }
    if (found !== null) {
      flight?.end(found);
      return this.#hit(calls, lookup, found, 'hits');
    }
    const { near } = this.#deps;
    return near === undefined || rule.mode !== 'semantic'
      ? this.#send(lookup, flight, null)
      : this.#lookNear(near, calls, lookup, flight);
  }

  async #lookNear(
    near: NearCalls,
    calls: CallDeps,
    lookup: Lookup,
    flight: Flight | undefined,
  ): Promise<void> {
    const { call } = lookup;
    const { refusal, note, entry } = await this.#findNear(near, lookup);
    if (call.reply.raw.destroyed) return leaveUnanswered(calls, call);
    if (refusal !== null) {
      call.place.leave();
      return refuseCall(calls, call.reply, refusal, call.facts);
    }
    if (entry === null) return this.#send(lookup, flight, note);
    flight?.end(entry);
    return this.#hit(calls, lookup, entry, 'semantic');
  }

  #send(lookup: Lookup, flight: Flight | undefined, note: NearNote | null): Promise<void> {
    const { facts, aim } = lookup.call;
    this.counts.misses++;
    facts.request.record();
    facts.cached = { lookup, note, flight };
    return aim.send();
  }

  /** Whatever becomes of the call, its flight ends with it. */
  #begin({ key, call }: Lookup): Flight | undefined {
    // Its place has been left already, and nobody would end it.
    if (call.reply.raw.destroyed) return undefined;
    const flight = this.#flights.begin(key);
    if (flight !== undefined) call.place.onLeave = () => flight.end(null);
    return flight;
  }

  /**
   * Waits for an equal call that runs. If it brings nothing, the first that waited runs and the others
   * wait for it, once: if a provider fails, each of them is to learn it soon.
   *
   * @returns the answer of another call; or a flight, if others may wait for this one; or why it may not
   *   be sent any more
   */
  async #join(lookup: Lookup): Promise<CacheEntry | Flight | Refusal | undefined> {
    const untilMs = performance.now() + this.#deps.limits.cacheFlightMs;
    const { raw } = lookup.call.reply;
    for (let waits = 0; waits < WAITS_MAX; waits++) {
      const running = this.#flights.of(lookup.key);
      // At once: those that are let go together look one after the other.
      if (running === undefined) return this.#begin(lookup);
      const leftMs = untilMs - performance.now();
      // Who has left already would never close again.
      const isOver = leftMs <= 0 || raw.destroyed;
      const entry = isOver ? 'late' : await running.wait(leftMs, raw);
      const refusal = isOver ? null : renew(lookup.call);
      if (refusal !== null) return refusal;
      if (entry === 'late') return undefined;
      if (entry !== null) return this.#servable(entry, lookup) ? entry : undefined;
    }
    return this.#begin(lookup);
  }

  async #findNear(near: NearCalls, lookup: Lookup): Promise<Near> {
    const { call, rule, namespace } = lookup;
    const { headers, facts, aim } = call;
    const note = await near.note(call, rule, (rest) =>
      cacheKeyText(namespace, facts.endpoint.name, headers, rest, aim.part),
    );
    const found = note === null ? null : await near.find(note, rule.threshold ?? 1);
    const refusal = renew(call);
    if (refusal !== null || found === null) return { refusal, note, entry: null };
    const entry = await this.#find({ ...lookup, key: found.key });
    const { similarity } = found;
    return { refusal, note, entry: entry && { ...entry, similarity, foundBy: rule } };
  }

  #find(lookup: Lookup): CacheEntry | null | Promise<CacheEntry | null> {
    const found = this.#deps.store.get(lookup.key);
    return found instanceof Promise ? this.#findLate(found, lookup) : this.#entryOf(found, lookup);
  }

  async #findLate(found: Promise<Uint8Array | null>, lookup: Lookup): Promise<CacheEntry | null> {
    try {
      return this.#entryOf(await inTime(found, this.#deps.limits.cacheLookupMs), lookup);
    } catch (error) {
      this.#failed(error, 'read');
      return null;
    }
  }

  #entryOf(bytes: Uint8Array | null, lookup: Lookup): CacheEntry | null {
    const entry = bytes === null ? null : readEntry(bytes);
    return entry !== null && this.#servable(entry, lookup) ? entry : null;
  }

  #servable(entry: CacheEntry, { call, directives, namespace, rule }: Lookup): boolean {
    // seam: entry-is-of-its-namespace
    if (entry.namespace !== namespace) return false;
    // Of a call that this one waited for: another key's rule may allow what this one's does not.
    // seam: other-questions-are-for-their-rule
    if (entry.foundBy !== undefined && entry.foundBy !== rule) return false;
    const { maxAgeS } = directives;
    const purgedAt = this.#deps.purges.of(entry);
    if (!mayServe(entry, { nowMs: Date.now(), maxAgeS, purgedAt })) return false;
    const deployment = this.#deploymentOf(entry, call);
    if (deployment === undefined) return false;
    // What has a cost needs a price.
    const percent = rule.chargePercent;
    return percent === 0 || pricedHit(entry, deployment, percent).saved !== null;
  }

  /** An answer is given again only where the call could have got it now. */
  #deploymentOf(entry: CacheEntry, { aim }: RoutedCall): Deployment | undefined {
    const { provider: name, servedBy, origin } = entry;
    if (this.#originOf(name) !== origin) return undefined;
    // seam: answer-is-of-a-model-on-the-route
    return aim.answerers.find(
      ({ provider, model }) => provider.name === name && model === servedBy,
    );
  }

  #hit(
    calls: CallDeps,
    { call, rule }: Lookup,
    entry: CacheEntry,
    how: 'hits' | 'coalesced' | 'semantic',
  ): Promise<void> {
    const deployment = this.#deploymentOf(entry, call) as Deployment;
    this.counts[how]++;
    const hit = pricedHit(entry, deployment, rule.chargePercent);
    return answerFromCache(calls, call, hit);
  }

  #failed(error: unknown, doing: 'read' | 'write' | 'purge'): void {
    this.counts.failures++;
    this.#deps.onError(error, doing);
  }

  #originOf(provider: string): string {
    return this.#deps.origins.get(provider) ?? '';
  }
}

/** I7: a call that waited is answered or sent as of now: at this price, to where its name leads. */
function renew(call: RoutedCall): Refusal | null {
  call.facts.nowMs = Date.now();
  // seam: waiting-call-is-of-its-end
  const aim = call.again();
  if ('code' in aim) return aim;
  call.aim = aim;
  return null;
}
