/** The JSON body of a request in this dialect: read once, under the names of its documentation. */
import type { z } from 'zod';
import { type Member, type Range, scanJson } from '../../relay/json-scan.ts';
import { invalidRequest, type JsonBody, type Refused, readJsonBody } from '../openai/json-body.ts';
import { documentName, renamed } from './names.ts';

export type Read<T> = { ok: true; request: T; body: JsonBody } | Refused;

export function readBody<T extends z.ZodType>(
  received: Buffer,
  depthMax: number,
  schema: T,
): Read<z.output<T>> {
  const read = readJsonBody(received, depthMax);
  if (!read.ok) return read;
  const { body } = read;
  const twice = namedTwice(body);
  if (twice !== null) return ambiguous(twice);
  const named = renamed(read.json);
  if (!named.ok) return ambiguous(named.name);
  const parsed = schema.safeParse(named.value);
  if (!parsed.success) return invalidRequest(parsed.error);
  return { ok: true, request: parsed.data, body };
}

function ambiguous(param: string): Refused {
  return { ok: false, refusal: { code: 'ambiguous_json', param } };
}

/** A member of the body, or of its settings, that is there twice: two parsers may read it differently. */
function namedTwice({ bytes, scan }: JsonBody): string | null {
  const twice = firstTwice(scan.members);
  if (twice !== null) return twice;
  const settings = memberNamed(scan.members, 'generationConfig');
  return settings === undefined ? null : firstTwice(membersWithin(bytes, settings));
}

function firstTwice(members: readonly Member[]): string | null {
  const seen = new Set<string>();
  for (const { name } of members) {
    const known = documentName(name);
    if (known === null || seen.has(known)) return name;
    seen.add(known);
  }
  return null;
}

export function memberNamed(members: readonly Member[], name: string): Member | undefined {
  return members.find((member) => documentName(member.name) === name);
}

/** Members of an object in the body; where they are in all of it. */
export function membersWithin(bytes: Buffer, { start, end }: Range): Member[] {
  const part = bytes.subarray(start, end);
  return scanJson(part, part.toString()).members.map((member) => ({
    name: member.name,
    start: start + member.start,
    end: start + member.end,
  }));
}
