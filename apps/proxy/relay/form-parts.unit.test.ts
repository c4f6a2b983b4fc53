import { describe, expect, it } from 'vitest';
import { boundaryOf, formType, readForm } from './form-parts.ts';

const part = (head: string, value: string) => `--b\r\n${head}\r\n\r\n${value}\r\n`;
const named = (name: string, more = '') => `Content-Disposition: form-data; name="${name}"${more}`;
const FILE = named('file', '; filename="a.wav"');
const MODEL = part(named('model'), 'm');

function read(text: string) {
  const body = Buffer.from(text, 'latin1');
  const found = readForm(body, 'b');
  if (!found.ok) return found.fault;
  return found.parts.map(({ name, isFile, start, end }) => {
    return `${name}${isFile ? '*' : ''}=${body.toString('latin1', start, end)}`;
  });
}

describe('a form', () => {
  it('has its values where they are, in any order, empty ones too', () => {
    const file = part(`${FILE}\r\nContent-Type: audio/wav`, 'RIFF\r\n\0\xff--');
    expect(read(`${file}${part(named('prompt'), '')}${MODEL}--b--\r\n`)).toEqual([
      ...['file*=RIFF\r\n\0\xff--', 'prompt=', 'model=m'],
    ]);
  });
});

describe('a form is not taken with text', () => {
  it.each<[string, string]>([
    ['before it', `\r\n${MODEL}--b--`],
    ['behind it', `${MODEL}--b--\r\nx`],
    ['in place of its end', MODEL],
    ['behind a boundary', `--b \r\n${named('model')}\r\n\r\nm\r\n--b--`],
    ['that is a longer boundary', `--bc\r\n${named('model')}\r\n\r\nm\r\n--b--`],
    ['within a file that some take for its end', `${part(FILE, `x\n${MODEL}`)}--b--`],
    ['within a file, at a carriage return', `${part(FILE, 'x\r--b')}--b--`],
    ['within a line of a file', `${part(FILE, 'x--b--')}--b--`],
    ['in a name, with an escape', `${part(named('mod\\"el'), 'm')}--b--`],
    ['in a name, in another charset', `${part(named('model', "; name*=UTF-8''user"), 'm')}--b--`],
    ['in a name, twice', `${part(named('model', '; name="user"'), 'm')}--b--`],
    ['in a name, without marks', `${part('Content-Disposition: form-data; name=model', 'm')}--b--`],
    ['in a name of a file, with an escape', `${part(named('f', '; filename="a\\"'), 'm')}--b--`],
    ['in a header twice', `${part(`${named('model')}\r\n${named('user')}`, 'm')}--b--`],
    ['in a folded header', `${part('Content-Disposition: form-data;\r\n name="model"', 'm')}--b--`],
    ['in a header with a line feed alone', `${part(`${named('model')}\nx: y`, 'm')}--b--`],
    [
      'in a coding',
      `${part(`${named('model')}\r\nContent-Transfer-Encoding: base64`, 'bQ==')}--b--`,
    ],
    [
      'in a charset',
      `${part(`${named('model')}\r\nContent-Type: text/plain; charset=utf-16`, 'm')}--b--`,
    ],
    ['in a header of nobody knows what', `${part(`${named('model')}\r\nX-A: b`, 'm')}--b--`],
    [
      'in a header before its colon',
      `${part('Content-Disposition : form-data; name="model"', 'm')}--b--`,
    ],
    ['without a name', `${part('Content-Type: text/plain', 'm')}--b--`],
    ['without headers', '--b\r\n\r\nm\r\n--b--'],
    ['in more parts than it may have', `${MODEL.repeat(65)}--b--`],
    [
      'in longer headers',
      `${part(`${named('model')}\r\nContent-Length: ${'1'.repeat(2_000)}`, 'm')}--b--`,
    ],
    ['in longer fields', `${part(named('prompt'), 'x'.repeat(1024 * 1024 + 1))}--b--`],
  ])('%s', (_, text) => {
    expect(read(text)).toEqual(expect.any(String));
  });
});

describe('the boundary of a form', () => {
  it.each([
    ['multipart/form-data; boundary=----formdata-undici-0123', '----formdata-undici-0123'],
    ['Multipart/Form-Data;boundary="a b"', null],
    ['multipart/form-data; boundary="a/b"', 'a/b'],
    ['multipart/form-data; boundary=a/b', null],
    ['multipart/form-data; boundary=a; boundary=b', null],
    ['multipart/form-data; boundary=a; charset=utf-8', null],
    ['multipart/form-data; boundary=', null],
    ['multipart/form-data', null],
    ['multipart/mixed; boundary=a', null],
    [`multipart/form-data; boundary=${'a'.repeat(71)}`, null],
    [undefined, null],
  ])('of %s is %s', (head, boundary) => {
    expect(boundaryOf(head)).toBe(boundary);
    if (boundary !== null) expect(boundaryOf(formType(boundary))).toBe(boundary);
  });
});
