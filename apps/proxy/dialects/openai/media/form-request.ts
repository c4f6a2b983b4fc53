/** A form in the OpenAI dialect: its fields as text, its files by their places, and where its model is. */
import { isUtf8 } from 'node:buffer';
import type { Refusal } from '../../../errors.ts';
import { boundaryOf, type FormPart, readForm } from '../../../relay/form-parts.ts';
import type { CallTarget } from '../../dialect.ts';
import type { Refused } from '../json-body.ts';

export type Form = {
  body: Buffer;
  parts: readonly FormPart[];
  /** Of fields that may be there once. */
  fields: ReadonlyMap<string, string>;
  /** Which are no fields. */
  files: readonly FormPart[];
};

/** The head of a form says where its parts end. @param mayBeJson of an endpoint that takes both */
export function formTarget(
  contentType: string | undefined,
  mayBeJson: boolean,
): CallTarget | Refusal {
  const target = { model: '', asEvents: false };
  if (mayBeJson && !/^\s*multipart\//i.test(contentType ?? '')) return target;
  const boundary = boundaryOf(contentType);
  if (boundary !== null) return { ...target, boundary };
  return invalidForm('its head states no plain boundary').refusal;
}

/** @param single fields that decide the bill, or say how the rest is read: a form has each of them once */
export function readFormBody(
  body: Buffer,
  boundary: string,
  single: ReadonlySet<string>,
): { ok: true; form: Form } | Refused {
  const read = readForm(body, boundary);
  if (!read.ok) return invalidForm(read.fault);
  const fields = new Map<string, string>();
  for (const part of read.parts) {
    const { name, isFile, start, end } = part;
    // Some readers take `model[]`, `model[x]` and `Model` for it.
    const base = name.toLowerCase().replace(/[[\].].*$/, '');
    if (!single.has(base)) continue;
    // seam: form-has-a-field-once
    if (name !== base || fields.has(name)) return ambiguous(name);
    const bytes = body.subarray(start, end);
    if (isFile || !isUtf8(bytes)) return ambiguous(name);
    fields.set(name, bytes.toString());
  }
  const files = read.parts.filter(({ isFile }) => isFile);
  return { ok: true, form: { body, parts: read.parts, fields, files } };
}

export function invalidForm(fault: string): Refused {
  const message = `The form is not one that every reader would read alike: ${fault}.`;
  return { ok: false, refusal: { code: 'invalid_form', message } };
}

function ambiguous(param: string): Refused {
  return { ok: false, refusal: { code: 'ambiguous_form', param } };
}

/** For webhooks of guardrails: the fields, and what is known of the files. */
export function toldOf({ body, parts }: Form): string {
  const told = parts.map(({ name, isFile, start, end }) => {
    return isFile
      ? { name, file_bytes: end - start }
      : { name, value: body.toString('utf8', start, end) };
  });
  return JSON.stringify({ form: told });
}

/** Numbers and flags of a form are texts. */
export function fieldValue(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (text === 'true') return true;
  if (text === 'false') return false;
  return /^\d{1,9}$/.test(text) ? Number(text) : text;
}
