/** The models that the calls of each key may use, from the lists of keys, teams and customers. */
import {
  ANY_MODEL,
  ModelAccess,
  type ModelLists,
  type ModelScope,
} from '@tollgate/domain/routing/model-access.ts';

type KeyOnPath = {
  readonly keyId: string;
  readonly teamId: string | null;
  readonly customerId: string;
};

export class ModelAccessView {
  /** Those that say anything, by scope and id. */
  readonly #lists = new Map<string, ModelLists>();
  readonly #ofKey = new Map<string, ModelAccess | null>();

  /** null: any model. */
  of(key: KeyOnPath): ModelAccess | null {
    if (this.#lists.size === 0) return null;
    const known = this.#ofKey.get(key.keyId);
    if (known !== undefined) return known;
    const onPath = [
      ['key', key.keyId],
      ['team', key.teamId],
      ['customer', key.customerId],
    ] as const;
    const lists = onPath.flatMap(([scope, id]) => {
      const found = this.#lists.get(`${scope}:${id}`);
      return found === undefined ? [] : [[scope, found] as const];
    });
    const access = lists.length === 0 ? null : new ModelAccess(lists);
    this.#ofKey.set(key.keyId, access);
    return access;
  }

  /** What an event says of the lists of a key, team or customer; what it leaves out stays. */
  change(scope: ModelScope, id: string, change: Partial<ModelLists>): void {
    const { allowed_models, denied_models } = change;
    if (allowed_models === undefined && denied_models === undefined) return;
    const owner = `${scope}:${id}`;
    const before = this.#lists.get(owner) ?? ANY_MODEL;
    const lists = {
      allowed_models: allowed_models === undefined ? before.allowed_models : allowed_models,
      denied_models: denied_models ?? before.denied_models,
    };
    if (lists.allowed_models === null && lists.denied_models.length === 0) {
      this.#lists.delete(owner);
    } else this.#lists.set(owner, lists);
    if (scope === 'key') this.#ofKey.delete(id);
    else this.#ofKey.clear();
  }
}
