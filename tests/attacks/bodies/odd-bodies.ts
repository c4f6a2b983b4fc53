/** Small bodies with one thing wrong, which a careless reader would take, or bill wrongly. */

export type OddBody = {
  name: string;
  /** Each character is a byte. */
  body: string;
  expected: string;
  path?: string;
  type?: string;
  /** Bounded, so it is the provider's to judge: sent, and charged by what the provider says. */
  isSent?: true;
};

/** The simulator's own refusal, which it does not bill. */
const JUDGED = '400 invalid_value';
const sent = (body: OddBody): OddBody => ({ ...body, isSent: true });

const INVALID = '400 invalid_request';
const NO_JSON = '400 invalid_json';
const AMBIGUOUS = '400 ambiguous_json';
const UNBOUNDED = '400 unbounded_request';
const UNKNOWN_MODEL = '404 model_not_found';
const MESSAGES = '"messages":[{"role":"user","content":"hi"}]';
const EMBEDDINGS = '/v1/embeddings';

const chat = (fields: string, expected: string, name = fields): OddBody => ({
  name: name.length > 60 ? `${name.slice(0, 59)}…` : name,
  body: `{"model":"sim-small",${MESSAGES},"max_tokens":5${fields === '' ? '' : ','}${fields}}`,
  expected,
});
const whole = (body: string, expected: string, name = body): OddBody => ({
  name: name.length > 60 ? `${name.slice(0, 59)}…` : name,
  body,
  expected,
});
/** Instead of the limit that a call has. */
const limited = (value: string): OddBody => ({
  name: `max_tokens ${value}`,
  body: `{"model":"sim-small",${MESSAGES},"max_tokens":${value}}`,
  expected: INVALID,
});
const messages = (value: string, expected = INVALID): OddBody => ({
  name: `messages ${value}`,
  body: `{"model":"sim-small","max_tokens":5,"messages":${value}}`,
  expected,
});
const model = (value: string, expected = INVALID): OddBody => ({
  name: `model ${value.length > 40 ? `${value.slice(0, 39)}…` : value}`,
  body: `{"model":${value},${MESSAGES},"max_tokens":5}`,
  expected,
});
const input = (value: string, expected = INVALID): OddBody => ({
  name: `input ${value.length > 40 ? `${value.slice(0, 39)}…` : value}`,
  body: `{"model":"sim-embed","input":${value}}`,
  ...{ expected, path: EMBEDDINGS },
});
const typed = (type: string, expected: string): OddBody => ({
  ...chat('', expected, `a body as ${type}`),
  type,
});

export const ODD_BODIES: readonly OddBody[] = [
  // No JSON
  ...['', '{', '}', '{"model":', 'null,', "{'model':'x'}", '{"model":"x",}', '{"a":1}{"b":2}'].map(
    (text) => whole(text, NO_JSON),
  ),
  ...['NaN', 'Infinity', '{"a":01}', '{"a":+1}', '{"a":.5}', '{"a":1.}', '{"a":"\t"}'].map((text) =>
    whole(text, NO_JSON),
  ),
  whole('{"a":1} // why', NO_JSON),
  whole('{"a":"\\x41"}', NO_JSON),
  whole('\xef\xbb\xbf{"model":"x"}', NO_JSON, 'a mark of byte order'),
  whole('\xff\xfe{\0"\0a\0"\0:\x001\0}\0', NO_JSON, 'UTF-16'),
  whole('{"model":"\xff\xfe"}', INVALID, 'bytes that are no UTF-8'),
  whole('\x1f\x8b\x08\0\0\0\0\0', NO_JSON, 'gzip that nobody named'),
  ...['[]', '"x"', '1', 'null', 'true'].map((text) => whole(text, INVALID)),
  // Two readers, two requests
  chat('"model":"sim-large"', AMBIGUOUS),
  chat('"max_tokens":1', AMBIGUOUS),
  chat('"m\\u006fdel":"sim-large"', AMBIGUOUS),
  chat('"max_tok\\u0065ns":1', AMBIGUOUS),
  chat('"stream":true,"stream":false', AMBIGUOUS),
  chat('"Max_Tokens":1', AMBIGUOUS),
  chat('"MODEL":"sim-large"', AMBIGUOUS),
  // Limits that are none
  ...['-1', '0.5', '1e308', '1e999', '"5"', 'true', '[]', '{}', '9007199254740993'].map(limited),
  ...['0', '-1', '0.5', '"2"', '1e9', '[1]'].map((n) => chat(`"n":${n}`, INVALID)),
  sent(chat('"n":129', JUDGED)),
  chat('"max_completion_tokens":-5', INVALID),
  chat('"stream":"yes"', INVALID),
  chat('"stream_options":{"include_usage":"yes"},"stream":true', INVALID),
  // What a hard budget cannot bound
  chat('"prediction":{"type":"content","content":"x"}', UNBOUNDED),
  chat('"functions":[{"name":"f"}]', UNBOUNDED),
  chat('"web_search_options":{}', UNBOUNDED),
  sent(chat('"modalities":["text","audio"],"audio":{"voice":"a","format":"wav"}', '200')),
  chat('"service_tier":"priority"', UNBOUNDED),
  // Messages
  ...['{}', '"x"', '[null]', '[[]]', '[1]', '[{"role":1}]', 'null'].map((text) => messages(text)),
  messages('[]'),
  messages('[{"role":"user","content":1}]'),
  sent(messages('[{"role":"user","content":[{"type":"text","text":1}]}]', '200')),
  messages(
    '[{"role":"user","content":[{"type":"image_url","image_url":{"url":"https://x/y"}}]}]',
    UNBOUNDED,
  ),
  messages('[{"role":"user","content":[{"type":"file","file":{"file_id":"f-1"}}]}]', UNBOUNDED),
  // Models
  ...['5', 'null', '[]', '{}', 'true'].map((text) => model(text)),
  model('""'),
  model('"__proto__"', UNKNOWN_MODEL),
  model('"constructor"', UNKNOWN_MODEL),
  model('"../../etc/passwd"', UNKNOWN_MODEL),
  model('"sim-small\\u0000"', UNKNOWN_MODEL),
  model('"sim-small "', UNKNOWN_MODEL),
  // A price list knows it in any case: its provider does not.
  sent(model('"SIM-SMALL"', UNKNOWN_MODEL)),
  model('"\\ud800"', UNKNOWN_MODEL),
  model(`"${'m'.repeat(10_000)}"`),
  model('"sim-unpriced"', '400 model_unpriced'),
  // Embeddings
  ...['[null]', '{}', '1', '[{}]', '[1.5]'].map((text) => input(text)),
  ...['[]', '""', '[[]]', '[-1]', '[""]'].map((text) => sent(input(text, JUDGED))),
  sent(input(`[${'"x",'.repeat(2_048)}"x"]`, JUDGED)),
  // Media types
  typed('text/plain', '415 unsupported_media_type'),
  typed('application/x-www-form-urlencoded', '415 unsupported_media_type'),
  typed('multipart/form-data; boundary=x', '415 unsupported_media_type'),
  typed('application/jsonp', '415 unsupported_media_type'),
];
