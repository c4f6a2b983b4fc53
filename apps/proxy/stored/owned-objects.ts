/**
 * Whose the objects are that providers have stored (docs/design.md, Stored objects). I10: a call that names
 * one goes on only if its own customer was given it, and only to the provider that has it. What is not known
 * is as good as not there.
 */
import type { StoredAt, StoredObjects } from '@tollgate/adapters/stored-objects/stored-objects.ts';
import type { AttemptFacts } from '../call/attempt-facts.ts';
import type { Answer, StoredName } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { ProxyLimits } from '../limits.ts';

type Owner = Pick<KeyView, 'customerId'>;

export type OwnedOptions = {
  store: StoredObjects;
  limits: Pick<ProxyLimits, 'storedWaitMs' | 'storedUntoldMax' | 'storedRetryMs'>;
  onError: (error: unknown) => void;
};

type Untold = { ids: readonly string[]; at: StoredAt };

export class OwnedObjects {
  readonly #options: OwnedOptions;
  /** What the store is yet to be told. */
  #untold: Untold[] = [];
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
  keep(
    { request, key, deployment }: AttemptFacts,
    answer: Answer | undefined,
  ): Promise<void> | null {
    const { stored } = request;
    if (stored === undefined) return null;
    const ids = answer?.storedIds?.(stored.keeps) ?? [];
    if (ids.length === 0) return null;
    const told = this.#tell({
      ids,
      at: { owner: key.customerId, provider: deployment.provider.name },
    });
    return soon(told, this.#options.limits.storedWaitMs);
  }

  /** Never rejects. */
  async #tell(what: Untold): Promise<void> {
    const { store, limits, onError } = this.#options;
    try {
      await store.keep(what.ids, what.at);
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

function soon(what: Promise<void>, ms: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  void what.then(() => {
    clearTimeout(timer);
    resolve();
  });
  return promise;
}
