/**
 * The read model of the billing API: what the ledger says about customers, teams, keys, budgets,
 * rate limits, prices and imports, folded into maps (I5: a pure function of the ledger). Commands never decide
 * from it alone: they read the stream that they append to.
 */
import {
  budgetDefinitionEvents,
  customerEvents,
  exchangeRateEvents,
  installationEvents,
  keyEvents,
  priceBookEvents,
  providerTotalsEvents,
  rateLimitEvents,
  reconciliationEvents,
  routeEvents,
  teamEvents,
} from '@tollgate/adapters/ledger/categories.ts';
import { eventParser } from '@tollgate/adapters/ledger/event-category.ts';
import { type FollowerOptions, LedgerFollower } from '@tollgate/adapters/ledger/follower.ts';
import type { LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { SeenRevisions } from '@tollgate/adapters/ledger/seen-revisions.ts';
import { type BudgetDefinition, evolveDefinition } from '@tollgate/domain/budget/definition.ts';
import { type Customer, evolveCustomer } from '@tollgate/domain/customer/customer.ts';
import { evolveTeam, type Team } from '@tollgate/domain/customer/team.ts';
import type { RateTable } from '@tollgate/domain/exchange/exchange-rate.ts';
import {
  evolveInstallation,
  type Installation,
} from '@tollgate/domain/installation/installation.ts';
import { INSTALLATION_ID } from '@tollgate/domain/installation/installation-events.ts';
import { evolveKey, type KeyState } from '@tollgate/domain/key/key.ts';
import type { PriceVersionPublished } from '@tollgate/domain/pricing/price.ts';
import {
  emptyPriceList,
  evolvePrices,
  type PriceListState,
} from '@tollgate/domain/pricing/price-list.ts';
import { evolveRateLimit, type RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import {
  evolveReconciliation,
  type ReconciliationImport,
} from '@tollgate/domain/reconciliation/reconciliation.ts';
import {
  evolveTotals,
  type TotalsComparison,
} from '@tollgate/domain/reconciliation/totals/totals-events.ts';
import { evolveRoute, type PublishedRoute } from '@tollgate/domain/routing/published-route.ts';
import { Entities, type Entity } from './entities.ts';

const events = eventParser([
  customerEvents,
  teamEvents,
  keyEvents,
  budgetDefinitionEvents,
  rateLimitEvents,
  routeEvents,
  priceBookEvents,
  exchangeRateEvents,
  reconciliationEvents,
  providerTotalsEvents,
  installationEvents,
]);

type ResourceEvent = NonNullable<ReturnType<typeof events.parse>>;

/** A published list, with the book that it is in (`<provider>.<source>[.<book>]`). */
export type PriceVersion = PriceVersionPublished['data'] & { book: string };

export class ResourceIndex {
  readonly customers = new Entities<Customer>();
  readonly teams = new Entities<Team>();
  readonly keys = new Entities<KeyState>();
  readonly budgets = new Entities<BudgetDefinition>();
  readonly rateLimits = new Entities<RateLimit>();
  readonly routes = new Entities<PublishedRoute>();
  readonly priceVersions = new Entities<PriceVersion>();
  readonly rateTables = new Entities<RateTable>();
  /** One, of the id `INSTALLATION_ID`. */
  readonly installation = new Entities<Installation>();
  readonly imports = new Entities<ReconciliationImport>();
  readonly totals = new Entities<TotalsComparison>();
  readonly #customerOfExternalId = new Map<string, string>();
  readonly #keyOfDigest = new Map<string, string>();
  #prices = emptyPriceList();
  readonly #seen = new SeenRevisions();
  readonly #follower: LedgerFollower;

  constructor(options: Omit<FollowerOptions, 'prefixes' | 'apply'>) {
    this.#follower = new LedgerFollower({
      ...options,
      prefixes: events.prefixes,
      apply: (event) => {
        this.#apply(event);
        this.#seen.take(event);
      },
    });
  }

  /** Resolves when the past has been read. */
  start(): Promise<void> {
    return this.#follower.start();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  ageMs(): number {
    return this.#follower.ageMs();
  }

  /** Waits (bounded) until reads show that revision of the stream. */
  sees(stream: string, revision: bigint, timeoutMs: number): Promise<boolean> {
    return this.#seen.sees(stream, revision, timeoutMs);
  }

  /** By our id or by the operator's own. */
  findCustomer(idOrExternalId: string): Entity<Customer> | undefined {
    const byId = this.customers.get(idOrExternalId);
    if (byId !== undefined) return byId;
    const id = this.#customerOfExternalId.get(idOrExternalId);
    return id === undefined ? undefined : this.customers.get(id);
  }

  /** The key that this digest is of, current or replaced. */
  keyOfDigest(hash: string): Entity<KeyState> | undefined {
    return this.keys.get(this.#keyOfDigest.get(hash) ?? '');
  }

  /**
   * What is in force, folded in the order of publication as the proxies do. `priceVersions` cannot
   * tell: it has a list that is published again only once, in its first place.
   */
  get prices(): PriceListState {
    return this.#prices;
  }

  #apply(at: LedgerEvent): void {
    const event = events.parse(at);
    if (event !== null) this.#evolve(event, at);
  }

  #evolve(event: ResourceEvent, at: LedgerEvent): void {
    switch (event.type) {
      case 'CustomerCreated':
        if (event.data.external_id !== null) {
          this.#customerOfExternalId.set(event.data.external_id, event.data.customer_id);
        }
        return this.customers.fold(event.data.customer_id, at, (s) => evolveCustomer(s, event));
      case 'CustomerUpdated':
      case 'CustomerArchived':
        return this.customers.fold(event.data.customer_id, at, (s) => evolveCustomer(s, event));
      case 'TeamCreated':
      case 'TeamUpdated':
      case 'TeamArchived':
        return this.teams.fold(event.data.team_id, at, (s) => evolveTeam(s, event));
      case 'KeyIssued':
      case 'KeyRotated':
        this.#keyOfDigest.set(event.data.hash, event.data.key_id);
        return this.keys.fold(event.data.key_id, at, (s) => evolveKey(s, event));
      case 'KeyRevoked':
      case 'KeyUpdated':
      case 'KeySuspended':
      case 'KeyResumed':
      case 'KeyArchived':
        return this.keys.fold(event.data.key_id, at, (s) => evolveKey(s, event));
      case 'BudgetDefined':
      case 'BudgetLimitChanged':
      case 'BudgetThresholdsChanged':
      case 'BudgetOnExceededChanged':
      case 'BudgetArchived':
      case 'BudgetRestored':
      case 'BudgetToppedUp':
      case 'BudgetRaised':
      case 'BudgetRaiseEnded':
        return this.budgets.fold(event.data.budget_id, at, (s) =>
          evolveDefinition(s, event, at.revision),
        );
      case 'RateLimitDefined':
      case 'RateLimitChanged':
      case 'RateLimitArchived':
        return this.rateLimits.fold(event.data.rate_limit_id, at, (s) => evolveRateLimit(s, event));
      case 'RoutePublished':
      case 'RouteArchived':
        return this.routes.fold(event.data.route, at, (s) => evolveRoute(s, event));
      case 'InstallationUpdated':
        return this.installation.fold(INSTALLATION_ID, at, (s) => evolveInstallation(s, event));
      case 'ReconciliationLines':
      case 'ReconciliationAccepted':
        return this.imports.fold(event.data.import_id, at, (s) => evolveReconciliation(s, event));
      case 'ExchangeRatesPublished':
        return this.rateTables.fold(event.data.version, at, () => event.data);
      case 'TotalsRows':
      case 'TotalsCompared':
        return this.totals.fold(event.data.totals_id, at, (s) => evolveTotals(s, event));
      case 'PriceVersionPublished':
        this.#prices = evolvePrices(this.#prices, event);
        return this.priceVersions.fold(event.data.version, at, () => ({
          ...event.data,
          book: priceBookEvents.idOf(at.stream),
        }));
      default:
        throw new Error(`${at.stream}: ${event satisfies never} is not folded`);
    }
  }
}
