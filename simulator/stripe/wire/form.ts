/** Reads Stripe's form encoding: `lines[0][metadata][row]=7` is a list of objects. */
import { invalid } from './stripe-error.ts';

export type Form = string | FormObject;
export interface FormObject {
  readonly [name: string]: Form;
}
type Draft = { [name: string]: string | Draft };

/** Nesting deeper than any parameter of the API. */
const DEPTH_MAX = 8;

export function parseForm(text: string): FormObject {
  const root: Draft = Object.create(null) as Draft;
  for (const [key, value] of new URLSearchParams(text)) put(root, pathOf(key), value, key);
  return root;
}

/** The JSON of v2 in the shape of a form: lists by their indices, all else as text. */
export function formOfJson(text: string): FormObject {
  const value: unknown = text === '' ? {} : JSON.parse(text);
  const form = shaped(value);
  if (typeof form === 'string') throw invalid('The request body must be a JSON object.');
  return form;
}

function shaped(value: unknown): Form {
  if (typeof value !== 'object' || value === null) return String(value);
  return Object.fromEntries(Object.entries(value).map(([name, entry]) => [name, shaped(entry)]));
}

function pathOf(key: string): string[] {
  const match = /^([^[\]]+)((?:\[[^[\]]*\])*)$/.exec(key);
  if (match === null) throw invalid(`Invalid parameter name: ${key}`, 'parameter_unknown', key);
  const [, head = '', rest = ''] = match;
  const path = [head, ...[...rest.matchAll(/\[([^[\]]*)\]/g)].map((part) => part[1] ?? '')];
  if (path.length > DEPTH_MAX)
    throw invalid(`Received unknown parameter: ${key}`, 'parameter_unknown', key);
  return path;
}

function put(root: Draft, path: readonly string[], value: string, key: string): void {
  let place = root;
  for (const [depth, part] of path.entries()) {
    // `expand[]=a&expand[]=b` takes the next place.
    const name = part === '' ? String(Object.keys(place).length) : part;
    if (depth === path.length - 1) {
      place[name] = value;
      return;
    }
    const next = place[name] ?? (Object.create(null) as Draft);
    if (typeof next === 'string') throw invalid(`Invalid object: ${key}`, undefined, key);
    place[name] = next;
    place = next;
  }
}
