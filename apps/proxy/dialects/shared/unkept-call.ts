/**
 * What calls have in common whose answers are neither kept nor judged as a whole: the figures that were read
 * of their request, and no part in the cache or in a cascade.
 */
import type { OpenParts } from '@tollgate/domain/pricing/open-bounds.ts';
import type { Wanted } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { Capability } from '@tollgate/domain/routing/route.ts';
import type { CallFigures, RequestFacts } from '../dialect.ts';

const NOTHING_WANTED: Omit<Wanted, 'cutByLimit'> = { json: null, tools: null };
const NOT_KEPT = 'answers of this dialect are not kept';

export class UnkeptCall implements CallFigures {
  readonly endpoint: string;
  readonly model: string;
  readonly stream: boolean;
  readonly endUser: string | null;
  readonly inputTokensMax: number;
  readonly outputTokensMax: number | null;
  readonly answerCount: number;
  readonly unboundedBy: string | null;
  readonly openParts: OpenParts | null;
  readonly needs: readonly Capability[];
  readonly otherModels: string | null;
  readonly more: CallFigures['more'];
  readonly serviceTier: string | undefined;
  protected readonly facts: RequestFacts;

  constructor(facts: RequestFacts) {
    this.endpoint = facts.endpoint;
    this.model = facts.model;
    this.stream = facts.stream;
    this.endUser = facts.endUser;
    this.inputTokensMax = facts.inputTokensMax;
    this.outputTokensMax = facts.outputTokensMax;
    this.answerCount = facts.answerCount;
    this.unboundedBy = facts.unboundedBy;
    this.openParts = facts.openParts;
    this.needs = facts.needs;
    this.otherModels = facts.otherModels;
    this.more = facts.more;
    this.serviceTier = facts.serviceTier;
    this.facts = facts;
  }

  get body(): Buffer {
    return this.facts.body;
  }

  unboundedModel(): null {
    return null;
  }

  openPartsAt(): OpenParts | null {
    return this.openParts;
  }

  cacheText(): null {
    return null;
  }

  question(): null {
    return null;
  }

  record(): void {
    throw new Error(NOT_KEPT);
  }

  replay(): never {
    throw new Error(NOT_KEPT);
  }

  judge(): void {
    // What nobody puts together is judged by nobody: `said` of its answers is null.
  }

  wanted(): Omit<Wanted, 'cutByLimit'> {
    return NOTHING_WANTED;
  }
}
