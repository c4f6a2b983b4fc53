/** Shapes of hostile bodies for the endpoints of the dialects that came after chat completions. */

/** A number from 0 to below 1. */
export type Random = () => number;

/** Text that a shape repeats between what opens and what closes it. */
export type Shape = { path: string; open: string; close: string; unit: (random: Random) => string };

/** The fields of a body, with … where its units are repeated. */
function body(path: string, text: string, unit: string | ((random: Random) => string)): Shape {
  const [open, close] = text.split('…') as [string, string];
  return { path, open, close, unit: typeof unit === 'string' ? () => unit : unit };
}

const messages = (text: string, unit: Shape['unit'] | string) =>
  body('/v1/messages', `{"model":"x","max_tokens":9,${text}}`, unit);
const counted = (text: string, unit: string) =>
  body('/v1/messages/count_tokens', `{"model":"x",${text}}`, unit);
const responses = (text: string, unit: string) =>
  body('/v1/responses', `{"model":"x",${text}}`, unit);
const completions = (text: string, unit: string) =>
  body('/v1/completions', `{"model":"x",${text}}`, unit);
const gemini = (action: string, text: string, unit: string) =>
  body(`/v1beta/models/x:${action}`, `{${text}}`, unit);

const odd = (random: Random) =>
  ['{},', '[],', 'null,', '"",', '{"type":[]},', '{"type":{"toString":1}},'][
    Math.floor(random() * 6)
  ] as string;

export const otherDialectShapes: Readonly<Record<string, Shape>> = {
  'blocks of a message': messages(
    '"messages":[{"role":"user","content":[…{"type":"text","text":""}]}]',
    '{"type":"text","text":"x","cache_control":{"type":"ephemeral"}},',
  ),
  'odd blocks of a message': messages('"messages":[{"role":"user","content":[…1]}]', odd),
  'results within results': messages(
    '"messages":[{"role":"user","content":[…{}]}]',
    '{"type":"tool_result","content":[{"type":"tool_result","content":[{"type":"text"}]}]},',
  ),
  'tools of a message': messages(
    '"messages":[],"tools":[…{"name":"a"}]',
    '{"name":"f","type":"web_search_20250305","max_uses":9},',
  ),
  'a system of many texts': messages('"messages":[],"system":[…{}]', '{"type":"text","text":"s"},'),
  'messages to count': counted('"messages":[…{}]', '{"role":"user","content":"x"},'),
  'items of a response': responses(
    '"input":[…{}]',
    '{"role":"user","content":[{"type":"input_text","text":"x"},{"type":"input_file"}]},',
  ),
  'outputs of a response’s calls': responses(
    '"input":[…{}]',
    '{"type":"function_call_output","output":[{"type":"input_text"}]},',
  ),
  'tools of a response': responses('"input":"x","tools":[…{}]', '{"type":"mcp","server_url":"u"},'),
  'metadata of a response': responses('"input":"x","metadata":{…"a":"b"}', '"k":"v",'),
  'prompts to complete': completions('"prompt":[…""]', '"text",'),
  'tokens to complete': completions('"prompt":[…[0]]', '[1,2,3],'),
  'parts of content': gemini('generateContent', '"contents":[{"parts":[…{}]}]', '{"text":"x"},'),
  'contents without end': gemini(
    'streamGenerateContent?alt=sse',
    '"contents":[…{}]',
    '{"parts":[{"functionResponse":{"parts":[{"inlineData":{"mimeType":{}}}]}}]},',
  ),
  'functions of content': gemini(
    'generateContent',
    '"contents":[],"tools":[{"functionDeclarations":[…{}]}]',
    '{"name":"f","parameters":{"type":"OBJECT"}},',
  ),
  'contents to count': gemini('countTokens', '"contents":[…{}]', '{"parts":[{"text":"x"}]},'),
  'texts to embed at once': gemini(
    'batchEmbedContents',
    '"requests":[…{}]',
    '{"model":"models/x","content":{"parts":[{"text":"x"}]}},',
  ),
  'deep content': gemini('embedContent', '"content":{"parts":[{"text":…', '['),
};
