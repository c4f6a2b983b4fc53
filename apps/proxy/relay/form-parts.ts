/**
 * The parts of a form (`multipart/form-data`, RFC 7578) in the bytes that hold it: where each value is, so that
 * a field can be read or replaced and no file is copied.
 *
 * Two readers of one form must not see two forms: the one that we bill by and the provider's. So nothing is
 * forgiven in which readers differ: text before or behind the parts, line ends that are none, a boundary within
 * a file, headers that are folded or there twice, names with escapes. Clients' libraries write none of it.
 */
import type { Range } from './json-scan.ts';

export type FormPart = Range & {
  name: string;
  /** It has a file name, whatever is in it. */
  isFile: boolean;
};

/** `fault`: why it is not taken, for the client. */
export type FormRead = { ok: true; parts: FormPart[] } | { ok: false; fault: string };

/** Parts of a form: the most that a provider takes is sixteen pictures and some twenty fields. */
const PARTS_MAX = 64;
/** Headers of one part, bytes. */
const HEADERS_BYTES_MAX = 1_024;
/** Fields that are no files, bytes of all of them. */
const FIELD_BYTES_MAX = 1024 * 1024;

/** RFC 2046, without the space, which some readers trim. */
const BOUNDARY = /^[0-9A-Za-z'()+_,./:=?-]{1,70}$/;
const TOKEN_BOUNDARY = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,70}$/;
const TYPE = /^\s*multipart\/form-data\s*;\s*boundary=(?:"([^"\\]*)"|([^\s;"]+))\s*$/i;

/** The boundary that a head states; null: none that every reader would take for the same. */
export function boundaryOf(contentType: string | undefined): string | null {
  const [, quoted, plain] = TYPE.exec(contentType ?? '') ?? [];
  // Readers differ about what may be there without quotation marks.
  const boundary =
    quoted ?? (plain !== undefined && TOKEN_BOUNDARY.test(plain) ? plain : undefined);
  return boundary !== undefined && BOUNDARY.test(boundary) ? boundary : null;
}

/** As the head of the request that goes on states it. */
export function formType(boundary: string): string {
  const isToken = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(boundary);
  return `multipart/form-data; boundary=${isToken ? boundary : `"${boundary}"`}`;
}

const CRLF = '\r\n';
const HEADERS_END = Buffer.from('\r\n\r\n');

export function readForm(body: Buffer, boundary: string): FormRead {
  const parts: FormPart[] = [];
  const mark = Buffer.from(`--${boundary}`);
  if (!body.subarray(0, mark.length).equals(mark))
    return fault('it does not begin with its boundary');
  let fieldBytes = 0;
  for (let at = mark.length; ; ) {
    const behind = body.toString('latin1', at, at + 2);
    // seam: nothing-follows-a-form
    if (behind === '--') {
      const rest = body.toString('latin1', at + 2, at + 6);
      return rest === '' || rest === CRLF
        ? { ok: true, parts }
        : fault('something follows its end');
    }
    if (behind !== CRLF) return fault('its boundary is within a part');
    const headersEnd = body.indexOf(HEADERS_END, at);
    if (headersEnd === -1 || headersEnd - at > HEADERS_BYTES_MAX)
      return fault('a part has no end of its headers');
    const head = readHead(body.toString('latin1', at + 2, headersEnd));
    if (typeof head === 'string') return fault(head);
    const start = headersEnd + HEADERS_END.length;
    const next = body.indexOf(mark, start);
    if (next === -1) return fault('it has no end');
    // Some readers end a line at a line feed alone.
    // seam: boundary-begins-a-line
    if (body.toString('latin1', next - 2, next) !== CRLF || next - 2 < start) {
      return fault('its boundary is within a part');
    }
    const end = next - 2;
    if (!head.isFile) fieldBytes += end - start;
    if (fieldBytes > FIELD_BYTES_MAX)
      return fault(`its fields have more than ${FIELD_BYTES_MAX} bytes`);
    parts.push({ ...head, start, end });
    if (parts.length > PARTS_MAX) return fault(`it has more than ${PARTS_MAX} parts`);
    at = next + mark.length;
  }
}

function fault(what: string): FormRead {
  return { ok: false, fault: what };
}

const HEADER = /^([A-Za-z-]{1,64}):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
const DISPOSITION =
  /^form-data;[ ]*name="([A-Za-z0-9_.[\]-]{1,64})"(;[ ]*filename="[^"\\]*")?(;[ ]*filename\*=[A-Za-z0-9!#$&+\-.^_`|~%']+)?$/i;
/** That say nothing of how the value is to be read. */
const KNOWN = new Set(['content-disposition', 'content-type', 'content-length']);

/** In another charset a field would say something else. */
const PLAIN = /^text\/plain(;[ ]*charset="?utf-8"?)?$/i;

/** @returns a text: what is wrong with it */
function readHead(text: string): Pick<FormPart, 'name' | 'isFile'> | string {
  const headers = new Map<string, string>();
  for (const line of text.split(CRLF)) {
    const [, name = '', value = ''] = HEADER.exec(line) ?? [];
    const lower = name.toLowerCase();
    // Also what is folded, and what has a line end of its own in it.
    if (!KNOWN.has(lower)) return 'a part has a header that is not known, or none';
    if (headers.has(lower)) return 'a part has a header twice';
    headers.set(lower, value);
  }
  const [, name, file, encoded] = DISPOSITION.exec(headers.get('content-disposition') ?? '') ?? [];
  if (name === undefined) return 'a part has no plain name';
  const isFile = file !== undefined || encoded !== undefined;
  const type = headers.get('content-type');
  if (!isFile && type !== undefined && !PLAIN.test(type))
    return 'a field is said to be no plain text';
  return { name, isFile };
}
