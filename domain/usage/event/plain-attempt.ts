/**
 * A quick look at a record before the schema is asked: it knows the ordinary attempt in exactly the
 * text that `event-text.ts` writes, and takes it only if the schema is sure to take it. A record that
 * it does not recognise at once, if only because its fields are in another order, goes the long way,
 * so that the schema alone says what an event is. Half of the projector's time per event is saved.
 */
import { type Quantity, quantities } from '../quantities.ts';

/** A text's characters that JSON has as they are, and which are no end of it. */
const CHARACTER = '[^"\\\\\\u0000-\\u001f]';
const HEX = '[0-9a-f]';
/** An integer of up to 15 digits is exact as a number. */
const NATURAL = '(?:0|[1-9]\\d{0,14})';
/** Of any quantity, below the schema's bound. */
const QUANTITY = '(?:0|[1-9]\\d{0,8})';

const nullable = (pattern: string) => `(?:null|${pattern})`;
const list = (item: string) => `\\[((?:"${item}"(?:,"${item}"){0,63})?)\\]`;

const name = `"${CHARACTER}{1,256}"`;
const text = `"${CHARACTER}{0,256}"`;
/** A name that the schema refuses (tags.ts). */
const tagName = `(?!"__proto__")${text}`;
const optionalText = nullable(text);
const uuid = `${HEX}{8}-${HEX}{4}-[1-8]${HEX}{3}-[89ab]${HEX}{3}-${HEX}{12}`;
const decimal = '-?(?:0|[1-9]\\d{0,25})\\.\\d{12}';
const count = nullable(`-?${QUANTITY}`);
const duration = nullable(`${NATURAL}(?:\\.\\d{1,17})?`);
const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
const texts = list(`${CHARACTER}{0,256}`);

const isLater = ({ addedLater }: Quantity) => addedLater === true;
const FIRST = quantities.filter((one) => !isLater(one));
/** Written only where there is some of it, behind all others. */
const later = quantities
  .filter(isLater)
  .map(({ name: bucket }) => `(?:,"${bucket}":-?[1-9]\\d{0,8})?`)
  .join('');

/** In the order in which `event-text.ts` writes them. */
const fields: Record<string, string> = {
  id: `"(${uuid})"`,
  type: '"attempt"',
  schema_version: '1',
  call_id: `"${uuid}"`,
  attempt: '(?:\\d|[1-9]\\d|1\\d\\d|2[0-4]\\d|25[0-5])',
  source: name,
  resolves_id: 'null',
  customer_id: name,
  team_id: optionalText,
  key_id: optionalText,
  environment: optionalText,
  tags: `\\{(?:${tagName}:${text}(?:,${tagName}:${text})*)?\\}`,
  end_user: optionalText,
  provider: optionalText,
  deployment: optionalText,
  model_requested: optionalText,
  endpoint: optionalText,
  // A limit that the gateway set is written behind it, and how much it redacted.
  stream:
    '(?:true|false)(?:,"output_limit":[1-9]\\d{0,8}(?:,"output_clamped":true)?)?(?:,"redactions":[1-9]\\d{0,8})?',
  price_version: optionalText,
  price_source: '"(?:price_book|config|catalogue|none)"',
  cache: '"(?:miss|hit|semantic|bypass)"',
  hold_lease_ids: texts,
  hold_amounts: list(decimal),
  hold_units: texts,
  budget_windows: texts,
  external_type: 'null',
  external_subject: 'null',
  external_data: 'null',
  time: `"(${time})"`,
  provider_request_id: optionalText,
  model_served: optionalText,
  ...Object.fromEntries(
    FIRST.map(({ name: first }, index) => [
      first,
      index < FIRST.length - 1 ? count : count + later,
    ]),
  ),
  usage_source: '"(provider|estimated|none)"',
  cost: `(null|"${decimal}")`,
  status: '"(?:ok|upstream_error|client_closed|timeout|unknown)"',
  http_status: nullable('[1-9]\\d\\d'),
  error_type: optionalText,
  latency_ms: duration,
  ttft_ms: duration,
  overhead_us: nullable(NATURAL),
  recorded_at: `"${time}"`,
};

const ATTEMPT = new RegExp(
  `^\\{${Object.entries(fields)
    .map(([field, pattern]) => `"${field}":${pattern}`)
    .join(',')}\\}$`,
);

/** What the projector decides by. */
export type PlainAttempt = { id: string; time: string; resolvable: boolean };

/** @returns null if the schema has to be asked */
export function readPlainAttempt(json: string): PlainAttempt | null {
  const match = ATTEMPT.exec(json);
  if (match === null) return null;
  const [, id, leaseIds, amounts, units, windows, time, usageSource, cost] = match as string[];
  const holds = itemsOf(leaseIds);
  if (itemsOf(amounts) !== holds || itemsOf(units) !== holds || itemsOf(windows) !== holds) {
    return null;
  }
  const resolvable = cost === 'null' || usageSource === 'estimated';
  return { id: id as string, time: time as string, resolvable };
}

/** @param list the text between a list's brackets; no text in it has a quotation mark */
function itemsOf(list: string | undefined): number {
  if (list === undefined || list === '') return 0;
  let items = 1;
  for (let at = list.indexOf('","'); at >= 0; at = list.indexOf('","', at + 1)) items++;
  return items;
}
