/**
 * Whose the objects are that providers have stored (docs/design.md, Stored objects). I10: a call that names
 * one goes on only if its own customer was given it, and only to the provider that has it. What is not known
 * is as good as not there.
 */
import type {
  RunningObject,
  StoredAt,
  StoredObjects,
} from '@tollgate/adapters/stored-objects/stored-objects.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import type { AttemptFacts } from '../call/attempt-facts.ts';
import type { Answer, StoredName } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { ProxyLimits } from '../limits.ts';

type Owner = Pick<KeyView, 'customerId'>;

export type OwnedOptions = {
  store: StoredObjects;
  limits: Pick<
    ProxyLimits,
    'storedWaitMs' | 'storedUntoldMax' | 'storedRetryMs' | 'backgroundPauseMs'
  >;
  onError: (error: unknown) => void;
};

type Untold = { ids: readonly string[]; at: StoredAt } | { running: RunningObject };

/** What is kept of an attempt whose response goes on. */
export type RunningRecord = {
  /** The text of its event. */
  event: string;
  /** Of the log. */
  partition: number;
  /** The tier of service that was asked for; null: none that costs more. */
  tier: string | null;
};

export class OwnedObjects {
  readonly #options: OwnedOptions;
  /** What the store is yet to be told. */
  #untold: Untold[] = [];
  /** Background responses that are known by their ids already. */
  readonly #named = new WeakSet<AttemptFacts>();
  readonly #timer: NodeJS.Timeout;

  constructor(options: OwnedOptions) {
    this.#options = options;
    this.#timer = setInterval(() => void this.#tellAgain(), options.limits.storedRetryMs);
    this.#timer.unref();
  }

  /** @returns the name of the provider that has all of them */
  async providerOf(
    names: readonly StoredName[],
    { customerId }: Owner,
  ): Promise<{ provider: string } | Refusal> {
    const found = await this.#find(names.map(({ id }) => id));
    if (found === null) return { code: 'stored_objects_unavailable' };
    let provider: string | null = null;
    for (const [index, name] of names.entries()) {
      const at = found[index] ?? null;
      // seam: stored-object-is-its-owners-alone
      if (at === null || at.owner !== customerId) return notFound(name);
      provider ??= at.provider;
      if (at.provider !== provider) return ELSEWHERE;
    }
    return provider === null ? { code: 'stored_object_not_found' } : { provider };
  }

  async #find(ids: readonly string[]): Promise<(StoredAt | null)[] | null> {
    try {
      return await this.#options.store.find(ids);
    } catch (error) {
      this.#options.onError(error);
      return null;
    }
  }

  /**
   * Notes whose the objects are that an answer names: before its last byte leaves, so that its client finds
   * them. A store that takes too long is told behind its back.
   *
   * @returns null: there are none
   */
  keep(facts: AttemptFacts, answer: Answer | undefined): Promise<void> | null {
    const { stored } = facts.request;
    if (stored === undefined) return null;
    const ids = answer?.storedIds?.(stored.keeps) ?? [];
    if (ids.length === 0) return null;
    return soon(this.#tell({ ids, at: atOf(facts) }), this.#options.limits.storedWaitMs);
  }

  /** Of one in the background, as soon as its client may know its id. */
  named(facts: AttemptFacts, answer: Answer): void {
    if (this.#named.has(facts)) return;
    const [id] = answer.storedIds?.('all') ?? [];
    if (id === undefined) return;
    this.#named.add(facts);
    void this.#tell({ ids: [id], at: atOf(facts) });
  }

  /**
   * Notes that a response goes on whose usage its call does not know, once its event is durable.
   *
   * @param text of the event
   * @returns null: it does not, or what it used is known
   */
  begin(
    facts: AttemptFacts,
    answer: Answer | undefined,
    { usage_source, http_status }: AttemptOutcome,
    text: string,
  ): Promise<void> | null {
    const { request, key } = facts;
    const id = answer?.id() ?? null;
    if (request.stored?.inBackground !== true || id === null) return null;
    const isAccepted = http_status !== null && http_status < 300;
    if (usage_source !== 'none' || !isAccepted) return null;
    const tier = request.serviceTier ?? null;
    const record: RunningRecord = { event: text, partition: key.partition, tier };
    const running = { id, ...atOf(facts), record: JSON.stringify(record) };
    return soon(this.#tell({ running }), this.#options.limits.storedWaitMs);
  }

  /** Never rejects. */
  async #tell(what: Untold): Promise<void> {
    const { store, limits, onError } = this.#options;
    try {
      if ('ids' in what) await store.keep(what.ids, what.at);
      else if (!(await store.begin(what.running, limits.backgroundPauseMs.first))) {
        onError(new Error('too many responses go on in the background: this one is not followed'));
      }
    } catch (error) {
      onError(error);
      // seam: owner-is-told-again
      if (this.#untold.length < limits.storedUntoldMax) this.#untold.push(what);
    }
  }

  async #tellAgain(): Promise<void> {
    const untold = this.#untold;
    this.#untold = [];
    for (const what of untold) await this.#tell(what);
  }

  /** Null: it does not go on. Undefined: nobody can tell. */
  async running(id: string): Promise<RunningObject | null | undefined> {
    try {
      return await this.#options.store.running(id);
    } catch (error) {
      this.#options.onError(error);
      return undefined;
    }
  }

  /** Its owner has deleted it. */
  async forget(id: string): Promise<void> {
    try {
      await this.#options.store.forget(id);
    } catch (error) {
      // Its provider has it no more: who asks for it is told so there.
      this.#options.onError(error);
    }
  }

  /** Calls have ended by then. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#tellAgain();
    await this.#options.store.close();
  }
}

/** As for an id that the provider does not know. */
export function notFound({ id, param }: StoredName): Refusal {
  const shown = id.slice(0, SHOWN_LENGTH);
  if (param === 'previous_response_id') {
    const message = `Previous response with id '${shown}' not found.`;
    return { code: 'previous_response_not_found', param, message };
  }
  if (param === 'id') {
    const message = `Response with id '${shown}' not found.`;
    return { code: 'stored_object_not_found', param, message };
  }
  return { code: 'stored_object_not_found', param, message: `Item with id '${shown}' not found.` };
}

/** Of an id that is repeated to who stated it. */
const SHOWN_LENGTH = 100;

const ELSEWHERE: Refusal = {
  code: 'invalid_request',
  param: 'input',
  message: 'The request names objects that different providers have stored: none of them has all.',
};

function atOf({ key, deployment }: AttemptFacts): StoredAt {
  return { owner: key.customerId, provider: deployment.provider.name };
}

function soon(what: Promise<void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  void what.then(() => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}
