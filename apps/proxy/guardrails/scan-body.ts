/**
 * What patterns say of a request's body: whether it is denied, and the body with personal data replaced.
 * What is replaced is what is sent, counted, held and stored: nothing behind this sees the original.
 *
 * The texts of a body are those of its JSON as a model reads them, so no escape hides one. No other byte
 * is changed (I11).
 */
import { compilePattern, type LinearPattern } from '@tollgate/adapters/patterns/linear-pattern.ts';
import type { NamedPattern } from '@tollgate/domain/guardrail/guardrail.ts';
import { type PersonalDataKind, personalData } from '@tollgate/domain/guardrail/personal-data.ts';
import { readForm } from '../relay/form-parts.ts';
import { type Edit, withEdits } from '../relay/json-scan.ts';
import { eachText } from './json-texts.ts';

/** Plain data, which crosses threads. */
export type ScanRules = {
  deny: readonly NamedPattern[];
  redact: readonly (PersonalDataKind | NamedPattern)[];
};

export type ScanOrder = {
  body: Uint8Array;
  rules: ScanRules;
  identifiers: ReadonlySet<string>;
  depthMax: number;
  /** Of a form. Absent: it is JSON. */
  boundary?: string | undefined;
};

export type Scanned =
  /** Name of the pattern that it matches. */
  | { denied: string }
  /** `body` is the given one if nothing was replaced. */
  | { body: Uint8Array; redactions: number };

type Denial = { name: string; pattern: LinearPattern };
type Redaction = { pattern: LinearPattern; by: (found: string) => string | null };

/** @throws PatternFault, of rules that were not compiled before */
export function scanBody(order: ScanOrder): Scanned {
  const { body, rules, identifiers, depthMax, boundary } = order;
  const { denials, redactions } = compiled(rules);
  if (boundary !== undefined) return scanForm(order, boundary, denials, redactions);
  const json = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  let denied: string | undefined;
  let out = '';
  let from = 0;
  let count = 0;
  eachText(json, identifiers, depthMax, ({ start, end, text, isName }) => {
    denied = denials.find(({ pattern }) => pattern.test(text))?.name;
    if (denied !== undefined) return false;
    // Without its name, nobody would know what a value is.
    if (isName) return true;
    const redacted = redact(text, redactions);
    if (redacted.count === 0) return true;
    out += json.slice(from, start) + JSON.stringify(redacted.text);
    from = end;
    count += redacted.count;
    return true;
  });
  // seam: denied-input-is-refused
  if (denied !== undefined) return { denied };
  if (count === 0) return { body, redactions: 0 };
  // seam: redacted-is-what-is-sent
  return { body: Buffer.from(out + json.slice(from)), redactions: count };
}

/** The texts of a form are its fields; what is in its files is no text. A form that is none is refused later. */
function scanForm(
  { body, identifiers }: ScanOrder,
  boundary: string,
  denials: readonly Denial[],
  redactions: readonly Redaction[],
): Scanned {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const read = readForm(bytes, boundary);
  const edits: Edit[] = [];
  let count = 0;
  for (const { name, isFile, start, end } of read.ok ? read.parts : []) {
    if (isFile || identifiers.has(name)) continue;
    const text = bytes.toString('utf8', start, end);
    const denied = denials.find(({ pattern }) => pattern.test(text))?.name;
    // seam: denied-field-of-a-form-is-refused
    if (denied !== undefined) return { denied };
    const redacted = redact(text, redactions);
    if (redacted.count === 0) continue;
    edits.push({ start, end, text: redacted.text });
    count += redacted.count;
  }
  return count === 0
    ? { body, redactions: 0 }
    : { body: withEdits(bytes, edits), redactions: count };
}

function redact(given: string, redactions: readonly Redaction[]): { text: string; count: number } {
  let text = given;
  let count = 0;
  for (const { pattern, by } of redactions) {
    const replaced = pattern.replace(text, by);
    text = replaced.text;
    count += replaced.count;
  }
  return { text, count };
}

const known = new Map<string, LinearPattern>();
/** Those of one configuration; more are those of tests. */
const KNOWN_MAX = 10_000;

/** Compiled once in each thread. @throws PatternFault */
function compiledPattern(source: string, ignoreCase: boolean): LinearPattern {
  const id = `${ignoreCase}:${source}`;
  const found = known.get(id);
  if (found !== undefined) return found;
  const pattern = compilePattern(source, ignoreCase);
  if (known.size >= KNOWN_MAX) known.clear();
  known.set(id, pattern);
  return pattern;
}

function compiled(rules: ScanRules): { denials: Denial[]; redactions: Redaction[] } {
  return {
    denials: rules.deny.map(({ name, pattern, ignoreCase }) => ({
      name,
      pattern: compiledPattern(pattern, ignoreCase),
    })),
    redactions: rules.redact.map(redactionOf),
  };
}

function redactionOf(rule: PersonalDataKind | NamedPattern): Redaction {
  if (typeof rule === 'string') {
    const { pattern, label, replaced } = personalData[rule];
    return { pattern: compiledPattern(pattern, false), by: replaced ?? (() => label) };
  }
  const label = `[${rule.name.toUpperCase()}]`;
  return { pattern: compiledPattern(rule.pattern, rule.ignoreCase), by: () => label };
}
