import fc from 'fast-check';
import { expect, it } from 'vitest';
import { readForm } from './form-parts.ts';

const named = (name: string, more = '') =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n`;
const FORM = [
  ...[named('file', '; filename="a.wav"'), 'RIFF\r\n\x80\xff--', '\r\n'],
  ...[named('model'), 'm-1', '\r\n', named('prompt'), 'two\r\nlines', '\r\n', '--b--\r\n'],
];
/** What makes two readers of a form disagree, and what is only noise. */
const piece = fc.constantFrom(
  ...['\r\n', '\n', '\r', '--b', '--b--', '--b\r\n', '--', '\0', '"', ';', ' ', '\t', ':', 'x'],
  ...['\r\n\r\n', 'name="model"', '; name="user"', '; filename="f"', '\\"', '%22', '\xef\xbb\xbf'],
  ...[named('model'), 'Content-Type: text/plain\r\n', 'content-transfer-encoding: base64\r\n'],
);
const change = fc.record({ at: fc.nat(400), drop: fc.nat(3), put: fc.option(piece, { nil: '' }) });

function changed(changes: readonly { at: number; drop: number; put: string }[]): Buffer {
  let text = FORM.join('');
  for (const { at, drop, put } of changes) {
    const place = at % (text.length + 1);
    text = text.slice(0, place) + put + text.slice(place + drop);
  }
  return Buffer.from(text, 'latin1');
}

/** As the platform's own parser reads it; null: it takes it for none. */
async function readElsewhere(body: Buffer): Promise<[string, string][] | null> {
  const headers = { 'content-type': 'multipart/form-data; boundary=b' };
  const response = new Response(new Uint8Array(body), { headers });
  const form = await response.formData().catch(() => null);
  if (form === null) return null;
  const entries = [...form].map(async ([name, value]): Promise<[string, string]> => {
    const text = typeof value === 'string' ? value : `*${await latin1(value)}`;
    return [name, text];
  });
  return Promise.all(entries);
}

async function latin1(file: File): Promise<string> {
  return Buffer.from(await file.arrayBuffer()).toString('latin1');
}

it('a form that is taken says the same to another reader, if that one takes it at all', async () => {
  let taken = 0;
  const property = fc.asyncProperty(fc.array(change, { maxLength: 3 }), async (changes) => {
    const body = changed(changes);
    const read = readForm(body, 'b');
    if (!read.ok) return;
    const elsewhere = await readElsewhere(body);
    if (elsewhere === null) return;
    taken++;
    const parts = read.parts.map(({ name, isFile, start, end }) => {
      const bytes = body.subarray(start, end);
      return [name, isFile ? `*${bytes.toString('latin1')}` : new TextDecoder().decode(bytes)];
    });
    expect(parts).toEqual(elsewhere);
  });
  await fc.assert(property, { numRuns: 1_000 });
  expect(taken).toBeGreaterThan(50);
});
