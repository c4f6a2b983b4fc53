/**
 * The text of a usage event (docs/design.md, The usage event), as the journal and the log store it:
 * one JSON object. What is known when an attempt starts is written then, once; what it came to is
 * written behind it when it ends, or, if its process dies, by the process that takes over its
 * journal (I1, I8).
 *
 * An attempt's text is put together by hand: that is the hot path, and most of it is the same call
 * after call. `plain-attempt.ts` reads exactly this text.
 */
import { formatDecimal12, PICO_PER_UNIT } from '../../money/money.ts';
import { quoted } from '../../text/quoted.ts';
import { timeText } from '../../text/time-text.ts';
import { quantities as listed, type UsageQuantities } from '../quantities.ts';
import type { UsageEvent } from '../usage-event.ts';
import type { AttemptOutcome, AttemptStart, EventKey } from './attempt-event.ts';

/** Of every event but an attempt. */
export function eventText(event: UsageEvent): string {
  return JSON.stringify(event);
}

/** The event without its outcome: a whole JSON object of the fields that the start knows. */
export function startedText(facts: AttemptStart): string {
  const { key, request, deployment, attemptId, callId } = facts;
  const holds = holdColumns(facts.holds);
  const provider = deployment.provider.name;
  const limit = facts.imposedLimit?.tokens;
  const clamped = facts.imposedLimit?.clamped === true ? '"output_clamped":true,' : '';
  // seam: imposed-limit-is-on-the-event
  const limited = limit === undefined ? '' : `"output_limit":${limit},${clamped}`;
  const redactions = facts.guard?.redactions ?? 0;
  // seam: redaction-is-on-the-event
  const redacted = redactions === 0 ? '' : `"redactions":${redactions},`;
  return (
    `{"id":"${attemptId}","type":"attempt","schema_version":1,"call_id":"${callId}",` +
    `"attempt":${facts.attempt},"source":"proxy/${facts.instanceId}","resolves_id":null,` +
    `${keyJson(key)},"end_user":${quoted(request.endUser)},` +
    `"provider":${named(provider)},"deployment":${deploymentText(provider, deployment.model)},` +
    `"model_requested":${named(request.model)},"endpoint":"${request.endpoint}",` +
    `"stream":${request.stream},${limited}${redacted}` +
    `"price_version":${named(deployment.price?.version ?? null)},` +
    `"price_source":"${deployment.price?.source ?? 'none'}","cache":"miss",${holds},` +
    `"external_type":null,"external_subject":null,"external_data":null,` +
    `"time":"${timeText(facts.startedAtMs)}"}`
  );
}

/** The whole event. @param started what `startedText` made */
export function finishedText(started: string, outcome: AttemptOutcome): string {
  const o = outcome;
  return (
    `${started.slice(0, -1)},"provider_request_id":${quoted(o.provider_request_id)},` +
    `"model_served":${named(o.model_served)},${quantityColumns(o)}` +
    `"usage_source":"${o.usage_source}","cost":${o.cost === null ? 'null' : `"${o.cost}"`},` +
    `"status":"${o.status}","http_status":${o.http_status},"error_type":${quoted(o.error_type)},` +
    `"latency_ms":${o.latency_ms},"ttft_ms":${o.ttft_ms},"overhead_us":${o.overhead_us},` +
    `"recorded_at":"${o.recorded_at}"}`
  );
}

const QUANTITY_LABELS = listed.map((quantity) => ({
  name: quantity.name,
  label: `"${quantity.name}":`,
  mayBeAbsent: 'addedLater' in quantity,
}));

/** A loop over labels that are made once: a new bucket needs no change here. */
function quantityColumns(quantities: UsageQuantities): string {
  let text = '';
  for (const { name, label, mayBeAbsent } of QUANTITY_LABELS) {
    const value = quantities[name];
    // seam: later-bucket-is-written
    if (!mayBeAbsent || value) text += `${label}${value},`;
  }
  return text;
}

/** How many names are kept, and how long one is at most, in UTF-16 units: clients choose some of them. */
const NAMES_MAX = 1_000;
const NAME_LENGTH_MAX = 128;
const names = new Map<string, string>();

/** What is the same in call after call: its text is made once. */
function named(value: string | null): string {
  if (value === null) return 'null';
  const known = names.get(value);
  if (known !== undefined) return known;
  const text = quoted(value);
  if (names.size >= NAMES_MAX) names.clear();
  if (value.length <= NAME_LENGTH_MAX) names.set(value, text);
  return text;
}

/** By provider, then by model: a name made of both would be hashed again for every call. */
const deployments = new Map<string, Map<string, string>>();
let deploymentsKnown = 0;

function deploymentText(provider: string, model: string): string {
  const known = deployments.get(provider)?.get(model);
  if (known !== undefined) return known;
  const text = quoted(`${provider}/${model}`);
  if (deploymentsKnown >= NAMES_MAX) {
    deployments.clear();
    deploymentsKnown = 0;
  }
  if (text.length > NAME_LENGTH_MAX) return text;
  const ofProvider = deployments.get(provider) ?? new Map<string, string>();
  deployments.set(provider, ofProvider.set(model, text));
  deploymentsKnown++;
  return text;
}

const keyTexts = new WeakMap<EventKey, string>();

/** Who is calling: fixed for as long as the view of a key lives. */
function keyJson(key: EventKey): string {
  let text = keyTexts.get(key);
  if (text === undefined) {
    const { customerId, teamId, keyId, environment, tags } = key;
    text =
      `"customer_id":${quoted(customerId)},"team_id":${quoted(teamId)},` +
      `"key_id":${quoted(keyId)},"environment":${quoted(environment)},` +
      `"tags":${tagsJson(tags)}`;
    keyTexts.set(key, text);
  }
  return text;
}

function tagsJson(tags: EventKey['tags']): string {
  const texts = Object.entries(tags).map(([name, tag]) => [
    name.toWellFormed(),
    tag.toWellFormed(),
  ]);
  return JSON.stringify(Object.fromEntries(texts));
}

/**
 * The parallel arrays of an event's holds, one entry per lease (docs/design.md, The usage event).
 */
function holdColumns(holds: AttemptStart['holds']): string {
  let first: object | undefined;
  let known: SliceTexts | undefined;
  let areKnown = true;
  let amounts = '';
  let count = 0;
  // What costs nothing holds nothing: a budget may have no part.
  for (const { unit, parts } of holds) {
    for (const { lease, amount } of parts) {
      if (first === undefined) {
        first = lease;
        known = sliceTexts.get(lease);
      }
      const text = amount === PICO_PER_UNIT ? ONE_UNIT : formatDecimal12(amount);
      amounts += count === 0 ? text : `","${text}`;
      areKnown &&= known?.leases[count] === lease && known.units[count] === unit.text;
      count++;
    }
  }
  if (first === undefined) return NO_HOLDS;
  const texts = areKnown && known?.leases.length === count ? known : textsOfSlices(holds, first);
  return texts.before + amounts + texts.behind;
}

/** What each call holds of a budget of requests. */
const ONE_UNIT = formatDecimal12(PICO_PER_UNIT);
const NO_HOLDS = '"hold_lease_ids":[],"hold_amounts":[],"hold_units":[],"budget_windows":[]';

/** The columns of the slices that calls hold of, without the amounts: one call after another has the same. */
type SliceTexts = {
  leases: readonly object[];
  units: readonly string[];
  /** What comes before the amounts, and what behind them. */
  before: string;
  behind: string;
};

/** By the first slice, for as long as it lives. */
const sliceTexts = new WeakMap<object, SliceTexts>();

function textsOfSlices(holds: AttemptStart['holds'], first: object): SliceTexts {
  const slices = holds.flatMap(({ account, unit, parts }) =>
    parts.map(({ lease }) => ({ lease, unit: unit.text, window: account.stream })),
  );
  const column = (texts: readonly string[]) => texts.map((text) => `"${text}"`).join(',');
  const ids = column(slices.map(({ lease }) => lease.leaseId));
  const units = slices.map(({ unit }) => unit);
  const windows = column(slices.map(({ window }) => window));
  const texts: SliceTexts = {
    leases: slices.map(({ lease }) => lease),
    units,
    // Joined, so that the journal finds one piece of text and not a tree of them.
    before: ['"hold_lease_ids":[', ids, '],"hold_amounts":["'].join(''),
    behind: ['"],"hold_units":[', column(units), '],"budget_windows":[', windows, ']'].join(''),
  };
  sliceTexts.set(first, texts);
  return texts;
}
