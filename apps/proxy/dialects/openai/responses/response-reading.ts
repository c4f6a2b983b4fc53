/**
 * What a `response` object says, whole or at the end of a stream: how it ended, what was used, and what of
 * that has a price of its own. I8: a tool of the provider's whose fee is not stated makes the cost unknown.
 */
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { isCount } from '@tollgate/domain/usage/usage-members.ts';
import type { AnswerFault, StoredParts } from '../../dialect.ts';
import type { Asked } from '../asked.ts';
import { statesError } from '../stated-error.ts';
import { StatedUsage } from '../stated-usage.ts';
import { saysTooLittle, type UsageNote } from '../usage-note.ts';
import { containerIn, isWholeInBody } from './stored-names.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The model or the client ended them, or a limit did. */
const FAILED_STATUSES: ReadonlySet<unknown> = new Set(['failed', 'cancelled']);
/** Of one that is generated in the background. */
const UNFINISHED: ReadonlySet<unknown> = new Set(['queued', 'in_progress']);
const SEARCH = 'web_search_call';
/** Calls that a provider bills by themselves, and says so nowhere in the answer. */
const FEE_ITEMS: ReadonlySet<unknown> = new Set([
  ...['file_search_call', 'code_interpreter_call', 'image_generation_call'],
]);

/** Ids that are kept of one response: more items than any model writes. */
const ITEMS_MAX = 1_000;

export class ResponseReading {
  readonly #asked: Asked;
  readonly #usage = new StatedUsage(true);
  #searches: number | null = null;
  #sawSearch = false;
  #sawFee = false;
  /** Items could not be looked through. */
  #areItemsUnread = false;
  fault: AnswerFault | null = null;
  model: string | null = null;
  id: string | null = null;
  serviceTier: string | null = null;
  /** Ids of its items, and whether each is one that only its provider can say more of. */
  readonly #items = new Map<string, boolean>();
  goesOn = false;
  /** There is an item in it. */
  hasOutput = false;
  /** The model thought, or the provider worked: more was written than is shown. */
  hidesOutput = false;

  constructor(asked: Asked) {
    this.#asked = asked;
  }

  /** @param response as far as it has come */
  readHead({ id, model, service_tier: tier }: Fields): void {
    if (typeof id === 'string') this.id ??= id;
    if (typeof model === 'string') this.model ??= model;
    // What is asked for comes first, what was served at the end.
    if (typeof tier === 'string') this.serviceTier = tier;
  }

  /** @param response at its end; `output` may be left out of it */
  readEnd(response: Fields): void {
    this.readHead(response);
    const { status, output, usage } = response;
    this.#usage.read(usage);
    this.goesOn = UNFINISHED.has(status);
    if (FAILED_STATUSES.has(status) || statesError(response)) this.fault = 'error';
    if (Array.isArray(output)) {
      for (const item of output as unknown[]) {
        if (typeof item === 'object' && item !== null) this.readItem(item as Fields);
      }
    }
    this.#readTools(response['tool_usage']);
  }

  /** Of an answer whose items are not looked through. */
  skipItems(): void {
    this.#areItemsUnread = true;
  }

  readItem(item: Fields): void {
    const { type, id } = item;
    this.hasOutput = true;
    this.#keepId(id, !isWholeInBody(type));
    this.#keepId(containerIn(item), true);
    if (type === SEARCH) this.#sawSearch = true;
    if (FEE_ITEMS.has(type)) this.#sawFee = true;
    if (type !== 'message' && !isClientsCall(type)) this.hidesOutput = true;
  }

  #keepId(id: unknown, isOfTool: boolean): void {
    if (typeof id === 'string' && this.#items.size < ITEMS_MAX) this.#items.set(id, isOfTool);
  }

  /** Its own id and those of its items. */
  storedIds(keeps: StoredParts['keeps']): string[] {
    const ids: string[] = [];
    if (keeps === 'all' && this.id !== null) ids.push(this.id);
    for (const [id, isOfTool] of this.#items) if (keeps === 'all' || isOfTool) ids.push(id);
    return ids;
  }

  get saidUsage(): boolean {
    return this.#usage.said;
  }

  quantities(wrote: boolean): KnownQuantities | null {
    const { quantities } = this.#usage;
    if (quantities === null || this.#isTooLittle(quantities, wrote)) return null;
    // seam: searches-are-billed-as-stated
    return this.#searches === null ? quantities : { ...quantities, searches: this.#searches };
  }

  note(wrote: boolean): UsageNote | null {
    const { quantities, doubt } = this.#usage;
    if (doubt !== null || quantities === null) return doubt;
    return this.#isTooLittle(quantities, wrote) ? 'usage_below_visible' : null;
  }

  /** What was used that has a fee which is not stated; null: nothing. */
  feeUnstated(): 'fee_unstated' | null {
    const lacksSearches = this.#searches === null && (this.#sawSearch || this.#areItemsUnread);
    // seam: fee-of-a-tool-is-not-nothing
    return this.#sawFee || lacksSearches ? 'fee_unstated' : null;
  }

  #isTooLittle(quantities: KnownQuantities, wrote: boolean): boolean {
    return saysTooLittle(quantities, this.#asked, () => wrote || this.hasOutput);
  }

  /** What its tools used: searches, and what nobody here has a bucket for. */
  #readTools(tools: unknown): void {
    if (typeof tools !== 'object' || tools === null) return;
    for (const [name, used] of Object.entries(tools)) {
      const requests = (used as { num_requests?: unknown } | null)?.num_requests;
      if (name === 'web_search' && isCount(requests)) this.#searches = requests;
      else if (holdsCount(used)) this.#sawFee = true;
    }
  }
}

function isClientsCall(type: unknown): boolean {
  return type === 'function_call' || type === 'custom_tool_call';
}

/** Anything but zeros. */
function holdsCount(value: unknown): boolean {
  if (typeof value === 'number') return value !== 0;
  return typeof value === 'object' && value !== null && Object.values(value).some(holdsCount);
}
