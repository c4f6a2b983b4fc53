/**
 * What a route accepts, as Stripe's OpenAPI description has it: names, types, lengths. A parameter
 * that is not in the list is refused, as Stripe does. Nothing here changes state, so a refusal from
 * here is never saved under an idempotency key.
 */
import { stripeLimits } from '../limits.ts';
import type { Form, FormObject } from './form.ts';
import { invalid } from './stripe-error.ts';

export interface Field<T = unknown, Required extends boolean = boolean> {
  readonly read: (value: Form, param: string) => T;
  readonly required: Required;
}
export type Fields = Readonly<Record<string, Field>>;
export type Parsed<F extends Fields> = {
  readonly [Name in keyof F]: F[Name] extends Field<infer T, infer Required>
    ? T | (Required extends true ? never : undefined)
    : never;
};
type Optional<T> = Field<T, false>;

const field = <T>(read: (value: Form, param: string) => T): Optional<T> => ({
  read,
  required: false,
});

export const required = <T>(inner: Optional<T>): Field<T, true> => ({ ...inner, required: true });

export const text = (charsMax = 5_000): Optional<string> =>
  field((value, param) => {
    if (typeof value !== 'string')
      throw invalid(`Invalid string: ${JSON.stringify(value)}`, undefined, param);
    if (value.length > charsMax) {
      throw invalid(
        `Invalid string: ${value.slice(0, 4)}...${value.slice(-4)}; must be at most ${charsMax} characters`,
        undefined,
        param,
      );
    }
    return value;
  });

export const integer: Optional<number> = field((value, param) => {
  const valid = typeof value === 'string' && /^-?\d{1,15}$/.test(value);
  if (!valid)
    throw invalid(`Invalid integer: ${String(value)}`, 'parameter_invalid_integer', param);
  return Number(value);
});

export const decimal: Optional<string> = field((value, param) => {
  if (typeof value !== 'string' || !/^-?\d{1,15}(\.\d{1,12})?$/.test(value))
    throw invalid(`Invalid decimal: ${String(value)}`, undefined, param);
  return value;
});

export const flag: Optional<boolean> = field((value, param) => {
  if (value !== 'true' && value !== 'false')
    throw invalid(`Invalid boolean: ${String(value)}`, undefined, param);
  return value === 'true';
});

export const currency: Optional<string> = field((value, param) => {
  if (typeof value !== 'string' || !/^[A-Za-z]{3}$/.test(value)) {
    throw invalid(`Invalid currency: ${String(value)}`, undefined, param);
  }
  return value.toLowerCase();
});

export const choice = <T extends string>(...allowed: readonly T[]): Optional<T> =>
  field((value, param) => {
    const found = allowed.find((one) => one === value);
    if (found !== undefined) return found;
    throw invalid(`Invalid ${param}: must be one of ${allowed.join(', ')}`, undefined, param);
  });

/** `''` unsets; Stripe merges metadata key by key, and an empty value removes its key. */
export const metadata: Optional<Readonly<Record<string, string>> | null> = field((value, param) => {
  if (value === '') return null;
  if (typeof value === 'string') throw invalid(`Invalid object`, undefined, param);
  const entries = Object.entries(value);
  if (entries.length > stripeLimits.metadataKeysMax) {
    throw invalid(
      `Metadata can have up to ${stripeLimits.metadataKeysMax} keys, but you passed ${entries.length} keys.`,
      undefined,
      param,
    );
  }
  for (const [key, entry] of entries) checkMetadata(key, entry, param);
  return Object.fromEntries(entries) as Record<string, string>;
});

function checkMetadata(key: string, entry: Form, param: string): void {
  const { metadataKeyCharsMax, metadataValueCharsMax } = stripeLimits;
  if (key.length > metadataKeyCharsMax) {
    throw invalid(
      `Metadata keys can have up to ${metadataKeyCharsMax} characters, but you passed in a key that is ${key.length} characters. Invalid key: ${key}`,
      undefined,
      param,
    );
  }
  if (typeof entry !== 'string') throw invalid('Metadata values must be strings', undefined, param);
  if (entry.length > metadataValueCharsMax) {
    throw invalid(
      `Metadata values can have up to ${metadataValueCharsMax} characters, but you passed in a value that is ${entry.length} characters. Invalid value: ${entry}`,
      undefined,
      param,
    );
  }
}

export const list = <T>(inner: Field<T>): Optional<readonly T[]> =>
  field((value, param) => {
    if (value === '') return [];
    if (typeof value === 'string') throw invalid('Invalid array', undefined, param);
    return Object.entries(value).map(([index, entry]) => inner.read(entry, `${param}[${index}]`));
  });

export const object = <F extends Fields>(fields: F): Optional<Parsed<F> | null> =>
  field((value, param) => {
    if (value === '') return null;
    if (typeof value === 'string') throw invalid('Invalid object', undefined, param);
    return parseFields(value, fields, (name) => `${param}[${name}]`);
  });

/** A map with keys of the caller's, as the payload of a meter event. */
export const map: Optional<Readonly<Record<string, string>>> = field((value, param) => {
  if (typeof value === 'string') throw invalid('Invalid object', undefined, param);
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => [name, text().read(entry, param)]),
  );
});

/** Accepted in any form and not looked at: it changes nothing that the fake keeps. */
export const ignored: Optional<Form> = field((value) => value);

export function parseFields<F extends Fields>(
  form: FormObject,
  fields: F,
  nameOf: (name: string) => string = (name) => name,
): Parsed<F> {
  for (const name of Object.keys(form)) {
    if (!Object.hasOwn(fields, name)) {
      throw invalid(
        `Received unknown parameter: ${nameOf(name)}`,
        'parameter_unknown',
        nameOf(name),
      );
    }
  }
  const parsed: Record<string, unknown> = {};
  for (const [name, { read, required: needed }] of Object.entries(fields)) {
    const value = form[name];
    if (value !== undefined) parsed[name] = read(value, nameOf(name));
    else if (needed)
      throw invalid(`Missing required param: ${nameOf(name)}.`, 'parameter_missing', nameOf(name));
  }
  return parsed as Parsed<F>;
}
