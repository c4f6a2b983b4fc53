/** What a call that is passed on may use, and where its answer says what it used: plain data, which crosses threads. */
import type { MoreUse } from '@tollgate/domain/pricing/cost.ts';
import { type KnownQuantities, quantities } from '@tollgate/domain/usage/quantities.ts';
import {
  boundOf,
  type PassThroughRule,
  type PointedBucket,
} from '@tollgate/schemas/config/pass-through-config.ts';
import type { AuthStyle } from '@tollgate/schemas/config/provider-dialects.ts';

export type Pointer = { field: keyof KnownQuantities; names: readonly string[] };

export type Passing = {
  provider: string;
  /** Below its base URL, and below its name here. */
  path: string;
  auth: AuthStyle;
  /** Null: each call says its own. */
  model: string | null;
  /** Null: each call is one request, whatever is answered. */
  usage: readonly Pointer[] | null;
  inputTokensMax: number;
  outputTokensMax: number;
  more: MoreUse | undefined;
};

export function passingOf(provider: string, rule: PassThroughRule, auth: AuthStyle): Passing {
  const { path, model = null, usage, at_most: most } = rule;
  return {
    ...{ provider, path, auth, model },
    usage: usage === undefined ? null : pointersOf(usage),
    inputTokensMax: most.input_tokens ?? 0,
    outputTokensMax: most.output_tokens ?? 0,
    more: moreOf(rule),
  };
}

function pointersOf(usage: NonNullable<PassThroughRule['usage']>): Pointer[] {
  return quantities.flatMap(({ name, field }) => {
    const pointer = usage[name as PointedBucket];
    return pointer === undefined ? [] : [{ field, names: pointer.slice(1).split('/').map(nameIn) }];
  });
}

/** RFC 6901 §4. */
function nameIn(part: string): string {
  return part.replaceAll('~1', '/').replaceAll('~0', '~');
}

function moreOf({ usage = {}, at_most: most }: PassThroughRule): MoreUse | undefined {
  const counted = (['images', 'searches', 'audio_seconds', 'characters'] as const).filter(
    (name) => most[boundOf(name)] !== undefined,
  );
  const writes = usage.cache_write_1h_tokens !== undefined;
  if (counted.length === 0 && !writes) return undefined;
  return {
    ...(writes ? { cacheWrites1h: true } : {}),
    ...(most.images === undefined ? {} : { imagesMax: most.images }),
    ...(most.searches === undefined ? {} : { searchesMax: most.searches }),
    ...(most.audio_seconds === undefined ? {} : { audioSecondsMax: most.audio_seconds }),
    ...(most.characters === undefined ? {} : { charactersMax: most.characters }),
  };
}
