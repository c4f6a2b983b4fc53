/** Google's own form of a schema, a part of OpenAPI's, as a JSON schema. */
import { isObject } from '../exact-json.ts';

type Fields = Readonly<Record<string, unknown>>;

/** Of a schema, not of names of the client's own. */
const NAMED = new Set(['properties', '$defs', 'defs']);
const LITERAL = new Set(['enum', 'default', 'example', 'required', 'propertyOrdering']);
/** In which order members are written: JSON schemas have no word for it. */
const LEFT_OUT = new Set(['propertyOrdering', 'example']);
const COUNTS = new Set([
  ...['minItems', 'maxItems', 'minLength', 'maxLength', 'minProperties', 'maxProperties'],
]);

/** @returns what is no object as it is */
export function jsonSchemaOf(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(jsonSchemaOf);
  if (!isObject(schema)) return schema;
  const found: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(schema)) {
    if (LEFT_OUT.has(name) || name === 'nullable') continue;
    if (name === 'type' && typeof value === 'string') found[name] = value.toLowerCase();
    else if (NAMED.has(name) && isObject(value)) found[name] = eachOf(value);
    else if (COUNTS.has(name) && typeof value === 'string') found[name] = Number(value);
    else found[name] = LITERAL.has(name) ? value : jsonSchemaOf(value);
  }
  if (schema['nullable'] === true && typeof found['type'] === 'string') {
    found['type'] = [found['type'], 'null'];
  }
  return found;
}

function eachOf(named: Fields): Fields {
  return Object.fromEntries(
    Object.entries(named).map(([name, schema]) => [name, jsonSchemaOf(schema)]),
  );
}
