import fc from 'fast-check';
import { expect, it } from 'vitest';
import { guardedMembers } from '../dialects/openai/guarded-members.ts';
import { type ScanRules, scanBody } from './scan-body.ts';

const { identifiers } = guardedMembers;

function scan(json: string, rules: Partial<ScanRules>) {
  const scanned = scanBody({
    body: Buffer.from(json),
    rules: { deny: [], redact: [], ...rules },
    identifiers,
    depthMax: 64,
  });
  if ('denied' in scanned) return { denied: scanned.denied };
  return { text: Buffer.from(scanned.body).toString(), redactions: scanned.redactions };
}

const deny = (pattern: string) => ({ deny: [{ name: 'd', pattern, ignoreCase: false }] });
const chat = (content: unknown, more = {}) =>
  JSON.stringify({ model: 'm', messages: [{ role: 'user', content }], ...more });

it('a denied text is found wherever a model may read it, however it is written', () => {
  const found = [
    chat('my sesame key'),
    chat([{ type: 'text', text: 'sesame' }]),
    chat('x', { tools: [{ function: { name: 'f', description: 'say sesame' } }] }),
    // In the arguments of a call of a tool, which are JSON within JSON.
    chat('x', { tool_calls: [{ function: { name: 'f', arguments: '{"a":"sesame"}' } }] }),
    // Escaped, and in a name of a member that is no plain word.
    '{"messages":[{"role":"user","content":"\\u0073es\\u0061me"}]}',
    '{"messages":[{"role":"user","content":"x","say sesame":1}]}',
    '{"input":["a","sesame"]}',
    // It begins like a URL of data, and is none.
    chat('data: sesame'),
    chat('DATA:text/plain;base64,eA== sesame'),
    chat('data:text/plain,sesame'),
  ];
  expect(found.map((json) => scan(json, deny('sesame')))).toEqual(
    found.map(() => ({ denied: 'd' })),
  );
});

it('no pattern meets what names a thing, what is data, or a plain name of a member', () => {
  const body = chat([{ type: 'image_url', image_url: { url: 'https://user@a.example' } }], {
    user: 'ann@a.example',
    prompt: 'data:image/png;base64,user',
  });
  expect(scan(body, deny('user|content|model'))).toEqual({ text: body, redactions: 0 });
});

it('what is redacted is replaced in the body, and no other byte of it is changed', () => {
  const body =
    '{ "seed":9007199254740993, "user":"ann@a.example", "messages" : [\n' +
    ' {"role":"user","content":"mail \\u0061nn@a.example, \\"bob@b.example\\" \\u00e9"}], "n":1.0 }';
  expect(scan(body, { redact: ['email'] })).toEqual({
    text: body.replace(/"mail .*?é?"\}/, '"mail [EMAIL], \\"[EMAIL]\\" é"}'),
    redactions: 2,
  });
});

it('an operator names what takes the place of their own pattern; a denial comes before it', () => {
  const redact = [{ name: 'staff-id', pattern: 'E-[0-9]{4}', ignoreCase: true }];
  expect(scan(chat('e-1234 and E-12'), { redact })).toEqual({
    text: chat('[STAFF-ID] and E-12'),
    redactions: 1,
  });
  expect(scan(chat('E-1234'), { redact, ...deny('E-1234') })).toEqual({ denied: 'd' });
});

it('I11: a body without personal data is the same bytes, whatever it is', () => {
  const rules: ScanRules = { deny: [], redact: ['email', 'card', 'iban', 'phone', 'ssn', 'ipv4'] };
  const bytes = fc.oneof(
    fc.json().map((json) => Buffer.from(json)),
    fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
    fc
      .string({ unit: fc.constantFrom('{', '[', '"', '\\', ':', ',', 'a', ' ', '}') })
      .map(Buffer.from),
  );
  fc.assert(
    fc.property(bytes, (body) => {
      const scanned = scanBody({ body, rules, identifiers, depthMax: 64 });
      expect('body' in scanned && scanned.redactions === 0 ? scanned.body : body).toBe(body);
    }),
  );
});

it('a text that has an address anywhere has none afterwards, and the rest of the JSON is equal', () => {
  const json = fc.jsonValue({ maxDepth: 4 });
  fc.assert(
    fc.property(json, fc.string(), (value, around) => {
      const text = `${around} ann@a.example ${around}`;
      const body = JSON.stringify({ messages: [{ content: text }], metadata: value });
      const scanned = scan(body, { redact: ['email'] });
      const read = JSON.parse(scanned.text ?? '') as { messages: [{ content: string }] };
      expect(read.messages[0].content).not.toContain('ann@a.example');
      expect({ ...read, messages: 0 }).toEqual(
        JSON.parse(JSON.stringify({ metadata: value, messages: 0 })),
      );
    }),
  );
});

it('a field of a form is denied and redacted like any text, and no file is read', () => {
  const part = (head: string, value: string) =>
    `--b\r\nContent-Disposition: form-data; name=${head}\r\n\r\n${value}\r\n`;
  const form = (prompt: string) =>
    `${part('"file"; filename="a"', 'E-1234')}${part('"model"', 'E-1234')}${part('"prompt"', prompt)}--b--\r\n`;
  const rule = { name: 'staff-id', pattern: 'E-[0-9]{4}', ignoreCase: false };
  const scanned = (prompt: string, rules: ScanRules) => {
    const order = { body: Buffer.from(form(prompt)), rules, depthMax: 64, boundary: 'b' };
    const found = scanBody({ ...order, identifiers: new Set(['model']) });
    return 'denied' in found ? found : [Buffer.from(found.body).toString(), found.redactions];
  };
  expect(scanned('hi E-1234', { deny: [rule], redact: [] })).toEqual({ denied: 'staff-id' });
  expect(scanned('hi', { deny: [rule], redact: [rule] })).toEqual([form('hi'), 0]);
  const redacted = scanned('hi E-1234', { deny: [], redact: [rule] });
  expect(redacted).toEqual([form('hi [STAFF-ID]'), 1]);
});
