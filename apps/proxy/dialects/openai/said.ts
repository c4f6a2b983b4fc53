/** What a whole chat answer says, and what its request wanted of it: what a cascade judges by. */
import type { Said, Wanted } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { Member } from '../../relay/json-scan.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Schemas up to this are read, bytes: of larger ones only the form of the answer is judged. */
const SCHEMA_BYTES_MAX = 64 * 1024;

const ENDS: ReadonlyMap<unknown, Said['end']> = new Map<unknown, Said['end']>([
  ...(['stop', 'tool_calls', 'function_call', 'refusal'] as const).map(
    (end): [string, Said['end']] => [end, 'chosen'],
  ),
  ['length', 'length'],
  ['content_filter', 'filter'],
]);

/** @returns null: it is no chat answer that is understood */
export function saidIn({ choices }: Fields): Said[] | null {
  if (!Array.isArray(choices) || choices.length === 0) return null;
  const all: Said[] = [];
  for (const choice of choices as unknown[]) {
    if (!isFields(choice) || !isFields(choice['message'])) return null;
    const said = saidBy(choice['message'], choice['finish_reason']);
    if (said === null) return null;
    all.push(said);
  }
  return all;
}

function saidBy(message: Fields, finish: unknown): Said | null {
  const { content, refusal, tool_calls: calls, function_call: called } = message;
  const text = textOf(content);
  if (text === null) return null;
  const refuses = finish === 'refusal' || (typeof refusal === 'string' && refusal !== '');
  const all = Array.isArray(calls) ? [...calls] : [];
  if (isFields(called)) all.push({ function: called });
  return { text, refuses, end: ENDS.get(finish) ?? 'unknown', calls: all.flatMap(callOf) };
}

function textOf(content: unknown): string | null {
  if (content === undefined || content === null) return '';
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return null;
  return content
    .map((part: unknown) =>
      isFields(part) && typeof part['text'] === 'string' ? part['text'] : '',
    )
    .join('');
}

function callOf(call: unknown): { name: string; arguments: string }[] {
  const called = isFields(call) ? call['function'] : undefined;
  if (!isFields(called)) return [];
  const { name, arguments: given } = called;
  return typeof name === 'string' && typeof given === 'string' ? [{ name, arguments: given }] : [];
}

export function wantedIn(body: Buffer, members: readonly Member[]): Omit<Wanted, 'cutByLimit'> {
  const form = member(body, members, 'response_format');
  const tools = member(body, members, 'tools');
  return { json: jsonOf(form), tools: toolsOf(tools) };
}

/** Undefined: it is not there, or too large. */
function member(body: Buffer, members: readonly Member[], name: string): unknown {
  const found = members.find((one) => one.name === name);
  if (found === undefined) return undefined;
  const { start, end } = found;
  if (end - start > SCHEMA_BYTES_MAX) return undefined;
  return JSON.parse(body.toString('utf8', start, end));
}

function jsonOf(form: unknown): Wanted['json'] {
  if (!isFields(form)) return null;
  if (form['type'] === 'json_object') return { schema: { type: 'object' } };
  if (form['type'] !== 'json_schema') return null;
  const { json_schema: given } = form;
  return { schema: isFields(given) ? given['schema'] : null };
}

function toolsOf(tools: unknown): Wanted['tools'] {
  if (!Array.isArray(tools) || tools.length === 0) return null;
  const schemas = new Map<string, unknown>();
  for (const tool of tools as unknown[]) {
    const called = isFields(tool) ? tool['function'] : undefined;
    if (isFields(called) && typeof called['name'] === 'string') {
      schemas.set(called['name'], called['parameters']);
    }
  }
  return schemas;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
