/**
 * The proxy's view of the ledger: keys, customers, teams, budgets, rate limits and prices, folded from
 * the catch-up subscription. Only reads; every lookup on a call's path is one map access.
 */
import {
  budgetDefinitionEvents,
  cacheEvents,
  customerEvents,
  keyEvents,
  priceBookEvents,
  rateLimitEvents,
  routeEvents,
  teamEvents,
} from '@tollgate/adapters/ledger/categories.ts';
import { eventParser } from '@tollgate/adapters/ledger/event-category.ts';
import type { LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import type { BudgetDefinitionEvent } from '@tollgate/domain/budget/budget-events.ts';
import { type BudgetDefinition, evolveDefinition } from '@tollgate/domain/budget/definition.ts';
import type { DisconnectPolicy, KeyEvent, KeyUpdated } from '@tollgate/domain/key/key-events.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import {
  emptyPriceList,
  evolvePrices,
  findPrice,
  type PriceFound,
  type PriceListState,
} from '@tollgate/domain/pricing/price-list.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import type { ModelAccess } from '@tollgate/domain/routing/model-access.ts';
import { type PathBudget, pathBudget } from '../budget/path-budget.ts';
import { CachePurges } from '../cache/cache-purges.ts';
import { ModelAccessView } from './model-access-view.ts';
import { RateLimitsView } from './rate-limits-view.ts';
import { RoutesView } from './routes-view.ts';

/** Prices that are remembered by provider and model. */
const PRICES_MAX = 10_000;

const events = eventParser([
  customerEvents,
  teamEvents,
  keyEvents,
  budgetDefinitionEvents,
  rateLimitEvents,
  routeEvents,
  priceBookEvents,
  cacheEvents,
]);

/** Streams that a proxy folds. */
export const ledgerViewPrefixes = events.prefixes;

/** As of one moment: a call keeps the view that it began with, and a change makes a new one. */
export type KeyView = {
  keyId: string;
  customerId: string;
  teamId: string | null;
  environment: string;
  tags: Record<string, string>;
  onDisconnect: DisconnectPolicy;
  /** Infinity: never. */
  expiresAtMs: number;
  state: 'live' | 'suspended' | 'revoked' | 'archived';
  endUserRequired: boolean;
  payloadLog: boolean;
  /** Partition of the log that the customer's events go to. */
  partition: number;
};

type Digest = { key: KeyView; validUntilMs: number };
type Key = { view: KeyView; digests: Digest[] };
type ViewedEvent = NonNullable<ReturnType<typeof events.parse>>;

const NO_BUDGETS: readonly PathBudget[] = [];

export class LedgerView {
  readonly #partitions: number;
  readonly #digests = new Map<string, Digest>();
  readonly #keys = new Map<string, Key>();
  readonly #archivedCustomers = new Set<string>();
  readonly #archivedTeams = new Set<string>();
  /** Parts per million, by customer. */
  readonly #markups = new Map<string, number>();
  readonly #budgets = new Map<string, BudgetDefinition>();
  readonly #budgetsOfScope = new Map<string, BudgetDefinition[]>();
  readonly #budgetsOfKey = new Map<string, readonly PathBudget[]>();
  /** By provider, then by model: a name made of both would be hashed again for every call. */
  readonly #prices = new Map<string, Map<string, { found: PriceFound; sinceMs: number }>>();
  #pricesKnown = 0;
  readonly #rateLimits = new RateLimitsView();
  /** Of the ledger. */
  readonly routes = new RoutesView();
  readonly #modelAccess = new ModelAccessView();
  /** Of the cache of answers. */
  readonly cachePurges = new CachePurges();
  #priceList: PriceListState = emptyPriceList();

  constructor(partitions: number) {
    this.#partitions = partitions;
  }

  /** @throws ZodError if the ledger holds what its schema does not know */
  apply(at: LedgerEvent): void {
    const event = events.parse(at);
    if (event !== null) this.#evolve(event, at.revision, at.stream);
  }

  /** The key with this digest, if it is valid at `nowMs`; 'replaced' if it was rotated out. */
  key(digest: string, nowMs: number): KeyView | 'replaced' | undefined {
    const found = this.#digests.get(digest);
    if (found === undefined) return undefined;
    return nowMs < found.validUntilMs ? found.key : 'replaced';
  }

  /** Whose end is the end of the key, if any. */
  archivedOwner({ customerId, teamId }: KeyView): 'customer' | 'team' | null {
    if (this.#archivedCustomers.has(customerId)) return 'customer';
    return teamId !== null && this.#archivedTeams.has(teamId) ? 'team' : null;
  }

  /** All live budgets on the key's path; all of them must pass. */
  budgetsOf(key: KeyView): readonly PathBudget[] {
    if (this.#budgets.size === 0) return NO_BUDGETS;
    const known = this.#budgetsOfKey.get(key.keyId);
    if (known !== undefined) return known;
    const scopes = [
      `key:${key.keyId}`,
      `team:${key.teamId}`,
      `customer:${key.customerId}`,
      'installation:installation',
    ];
    const markupPpm = this.#markups.get(key.customerId) ?? 0;
    const budgets = scopes
      .flatMap((scope) => this.#budgetsOfScope.get(scope) ?? [])
      .map((definition) => pathBudget(definition, markupPpm));
    this.#budgetsOfKey.set(key.keyId, budgets);
    return budgets;
  }

  /** All live rate limits on the key's path; all of them must pass. */
  rateLimitsOf(key: KeyView): readonly RateLimit[] {
    return this.#rateLimits.of(key);
  }

  /** Which models the key's calls may use; null: any. */
  modelAccessOf(key: KeyView): ModelAccess | null {
    return this.#modelAccess.of(key);
  }

  /** The price in force at `atMs` (I7), or null for an unpriced model (I8). */
  price(provider: string, model: string, atMs: number): PriceFound | null {
    const ofProvider = this.#prices.get(provider);
    const known = ofProvider?.get(model);
    // Not before it was looked up either: the clock may have been stepped back over its start.
    if (known !== undefined && atMs >= known.sinceMs && atMs < known.found.validUntilMs) {
      return known.found;
    }
    const found = findPrice(this.#priceList, provider, model, atMs);
    if (found === null) return null;
    // A pattern may match any number of names that clients make up.
    if (this.#pricesKnown >= PRICES_MAX) this.#forgetPrices();
    this.#keepPrice(provider, model, { found, sinceMs: atMs });
    return found;
  }

  #keepPrice(provider: string, model: string, known: { found: PriceFound; sinceMs: number }): void {
    let ofProvider = this.#prices.get(provider);
    if (ofProvider === undefined) {
      ofProvider = new Map();
      this.#prices.set(provider, ofProvider);
    }
    if (!ofProvider.has(model)) this.#pricesKnown++;
    ofProvider.set(model, known);
  }

  #forgetPrices(): void {
    this.#prices.clear();
    this.#pricesKnown = 0;
  }

  get priceList(): PriceListState {
    return this.#priceList;
  }

  #evolve(event: ViewedEvent, revision: bigint, stream: string): void {
    switch (event.type) {
      case 'KeyIssued':
        this.#modelAccess.change('key', event.data.key_id, event.data);
        return this.#issue(event.data);
      case 'KeyRotated':
        return this.#rotate(event.data);
      case 'KeyUpdated':
        this.#modelAccess.change('key', event.data.key_id, event.data);
        return this.#change(event.data.key_id, updated(event.data));
      case 'KeySuspended':
        return this.#change(event.data.key_id, { state: 'suspended' });
      case 'KeyResumed':
        return this.#change(event.data.key_id, { state: 'live' });
      case 'KeyRevoked':
        return this.#change(event.data.key_id, { state: 'revoked' });
      case 'KeyArchived':
        return this.#change(event.data.key_id, { state: 'archived' });
      case 'TeamArchived':
        this.#archivedTeams.add(event.data.team_id);
        return;
      case 'CustomerArchived':
        this.#archivedCustomers.add(event.data.customer_id);
        return;
      case 'CustomerCreated':
      case 'CustomerUpdated':
        this.#modelAccess.change('customer', event.data.customer_id, event.data);
        return this.#markUp(event.data);
      case 'TeamCreated':
      case 'TeamUpdated':
        return this.#modelAccess.change('team', event.data.team_id, event.data);
      case 'BudgetDefined':
      case 'BudgetLimitChanged':
      case 'BudgetThresholdsChanged':
      case 'BudgetOnExceededChanged':
      case 'BudgetArchived':
      case 'BudgetRestored':
      case 'BudgetToppedUp':
      case 'BudgetRaised':
      case 'BudgetRaiseEnded':
        return this.#define(event, revision);
      case 'RateLimitDefined':
      case 'RateLimitChanged':
      case 'RateLimitArchived':
        return this.#rateLimits.apply(event);
      case 'CachePurged':
        return this.cachePurges.apply(event.data, Number(revision));
      case 'RoutePublished':
      case 'RouteArchived':
        return this.routes.apply(event);
      case 'PriceVersionPublished':
        this.#priceList = evolvePrices(this.#priceList, event);
        this.#forgetPrices();
        return;
      default:
        throw new Error(
          `${stream} holds an event that the view does not fold: ${event satisfies never}`,
        );
    }
  }

  #issue(data: Extract<KeyEvent, { type: 'KeyIssued' }>['data']): void {
    const view: KeyView = {
      keyId: data.key_id,
      customerId: data.customer_id,
      teamId: data.team_id,
      environment: data.environment,
      tags: data.tags,
      onDisconnect: data.on_disconnect,
      expiresAtMs: expiryMs(data.expires_at),
      state: 'live',
      endUserRequired: data.end_user_required ?? false,
      payloadLog: data.payload_log ?? false,
      partition: partitionOf(new TextEncoder().encode(data.customer_id), this.#partitions),
    };
    const digest: Digest = { key: view, validUntilMs: Number.POSITIVE_INFINITY };
    this.#keys.set(data.key_id, { view, digests: [digest] });
    this.#digests.set(data.hash, digest);
  }

  #rotate(data: Extract<KeyEvent, { type: 'KeyRotated' }>['data']): void {
    const key = this.#issued(data.key_id);
    // Also one from before the last rotation: none outlives what it was replaced with.
    const untilMs = Date.parse(data.previous_valid_until);
    for (const earlier of key.digests) {
      earlier.validUntilMs = Math.min(earlier.validUntilMs, untilMs);
    }
    const digest: Digest = { key: key.view, validUntilMs: Number.POSITIVE_INFINITY };
    key.digests.push(digest);
    this.#digests.set(data.hash, digest);
  }

  #change(keyId: string, change: Partial<KeyView>): void {
    const key = this.#issued(keyId);
    key.view = { ...key.view, ...change };
    // During a rotation a key has more than one secret.
    // seam: key-changes-for-every-secret
    for (const digest of key.digests) digest.key = key.view;
  }

  #issued(keyId: string): Key {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw new Error(`key ${keyId} is changed and was not issued`);
    return key;
  }

  #markUp(data: { customer_id: string; markup_ppm?: number }): void {
    if (data.markup_ppm === undefined) return;
    this.#markups.set(data.customer_id, data.markup_ppm);
    this.#budgetsOfKey.clear();
  }

  #define(event: BudgetDefinitionEvent, revision: bigint): void {
    const id = event.data.budget_id;
    const definition = evolveDefinition(this.#budgets.get(id), event, revision);
    this.#budgets.set(id, definition);
    const scope = `${definition.scope.type}:${definition.scope.id}`;
    const others = (this.#budgetsOfScope.get(scope) ?? []).filter((b) => b.budget_id !== id);
    const live = definition.archived || definition.enforcement === 'soft' ? [] : [definition];
    this.#budgetsOfScope.set(scope, [...others, ...live]);
    this.#budgetsOfKey.clear();
  }
}

function updated(data: KeyUpdated['data']): Partial<KeyView> {
  const { tags, on_disconnect, expires_at, end_user_required, payload_log } = data;
  return {
    ...(tags === undefined ? {} : { tags }),
    ...(on_disconnect === undefined ? {} : { onDisconnect: on_disconnect }),
    ...(expires_at === undefined ? {} : { expiresAtMs: expiryMs(expires_at) }),
    ...(end_user_required === undefined ? {} : { endUserRequired: end_user_required }),
    ...(payload_log === undefined ? {} : { payloadLog: payload_log }),
  };
}

/** Unix ms; infinite if there is none. */
function expiryMs(expiresAt: string | null): number {
  return expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt);
}
