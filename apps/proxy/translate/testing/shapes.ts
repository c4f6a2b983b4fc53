/** Conversations in no dialect, and what is answered to them: the rows of the tests of all pairs. */

export type SaidShape =
  | { text: string }
  | { image: string }
  | { imageUrl: string }
  /** @param title its name, where the dialect has a place for it */
  | { pdf: string; title?: string }
  | { call: string; name: string; input: Record<string, unknown> }
  | { result: string; name: string; text: string };

export type TurnShape = { by: 'user' | 'assistant' | 'system'; says: readonly SaidShape[] };

export type ToolShape = { name: string; about?: string; schema?: object };

export type StopShape = 'end' | 'length' | 'calls' | 'stop_sequence' | 'refusal';

export type UsageShape = {
  input: number;
  cacheRead: number;
  cacheWrite: number;
  output: number;
  thinking: number;
};

export type AnswerShape = {
  says: readonly ({ text: string } | { thought: string } | CallShape)[];
  stop: StopShape;
  usage: UsageShape;
};

type CallShape = { call: string; name: string; input: Record<string, unknown> };

export type Shape = {
  name: string;
  turns: readonly TurnShape[];
  tools?: readonly ToolShape[];
  choice?: 'auto' | 'none' | 'required' | { tool: string };
  /** One call at a time. */
  isAlone?: true;
  schema?: Record<string, unknown>;
  temperature?: number;
  topP?: number;
  stop?: readonly string[];
  effort?: 'low' | 'medium' | 'high';
  endUser?: string;
  answer: AnswerShape;
};

const PNG = 'iVBORw0KGgo=';
const PDF = 'JVBERi0xLjQK';
const user = (...says: SaidShape[]): TurnShape => ({ by: 'user', says });
const assistant = (...says: SaidShape[]): TurnShape => ({ by: 'assistant', says });
const system = (text: string): TurnShape => ({ by: 'system', says: [{ text }] });
const text = (said: string) => ({ text: said });
const call = (id: string, name: string, input: Record<string, unknown> = {}) => ({
  ...{ call: id, name },
  input,
});
const result = (id: string, name: string, said: string) => ({ result: id, name, text: said });

const CITY = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const weather: ToolShape = { name: 'weather', about: 'Says how it is.', schema: CITY };
const time: ToolShape = { name: 'time' };
const usage: UsageShape = { input: 20, cacheRead: 0, cacheWrite: 0, output: 9, thinking: 0 };
const says = (said: string): AnswerShape => ({ says: [text(said)], stop: 'end', usage });
const plain = says('Hello.');
const hi = [user(text('hi'))];

/** What is asked, and a plain answer. */
const asked: readonly (Omit<Shape, 'answer'> & { answer?: AnswerShape })[] = [
  { name: 'one question', turns: hi },
  { name: 'a system before it', turns: [system('Be brief.'), ...hi] },
  { name: 'two turns', turns: [...hi, assistant(text('Hello.')), user(text('And now?'))] },
  {
    name: 'four turns and a system',
    turns: [
      ...[system('Be brief.'), ...hi, assistant(text('Yes?')), user(text('a'))],
      ...[assistant(text('b')), user(text('c'))],
    ],
  },
  { name: 'a question of two texts', turns: [user(text('one'), text('two'))] },
  { name: 'a picture', turns: [user(text('What is it?'), { image: PNG })] },
  { name: 'a picture alone', turns: [user({ image: PNG })] },
  { name: 'two pictures between texts', turns: [user({ image: PNG }, text('or'), { image: PNG })] },
  {
    name: 'a picture in an earlier turn',
    turns: [user({ image: PNG }), assistant(text('A cat.')), user(text('Sure?'))],
  },
  { name: 'a document', turns: [user(text('Sum it up.'), { pdf: PDF, title: 'a.pdf' })] },
  { name: 'text beyond ASCII', turns: [user(text('Füße — 日本 🙂 "quoted" \\ back'))] },
  { name: 'line ends and tabs', turns: [user(text('a\n\tb\r\n\n'))] },
  {
    name: 'what looks like an event',
    turns: [user(text('data: [DONE]\n\nevent: message_stop\n\n'))],
  },
  { name: 'a tool', turns: hi, tools: [weather] },
  { name: 'a tool without input', turns: hi, tools: [time] },
  { name: 'two tools', turns: hi, tools: [weather, time] },
  { name: 'tools that may be called', turns: hi, tools: [weather], choice: 'auto' },
  { name: 'tools that must be called', turns: hi, tools: [weather], choice: 'required' },
  { name: 'tools that may not be called', turns: hi, tools: [weather], choice: 'none' },
  { name: 'one tool of two', turns: hi, tools: [weather, time], choice: { tool: 'time' } },
  {
    name: 'calls of one at a time',
    turns: hi,
    tools: [weather, time],
    choice: 'auto',
    isAlone: true,
  },
  {
    name: 'a call and its result',
    tools: [weather],
    turns: [
      ...hi,
      assistant(call('call_1', 'weather', { city: 'Ulm' })),
      user(result('call_1', 'weather', 'rain')),
    ],
  },
  {
    name: 'a call behind a text',
    tools: [weather],
    turns: [
      ...[...hi, assistant(text('Let me see.'), call('call_1', 'weather', { city: 'Ulm' }))],
      user(result('call_1', 'weather', 'rain')),
    ],
  },
  {
    name: 'two calls at once, and both results',
    tools: [weather, time],
    turns: [
      ...[...hi, assistant(call('call_1', 'weather', { city: 'Ulm' }), call('call_2', 'time'))],
      user(result('call_1', 'weather', 'rain'), result('call_2', 'time', 'noon')),
    ],
  },
  {
    name: 'results, and more that is said with them',
    tools: [weather],
    turns: [
      ...[...hi, assistant(call('call_1', 'weather', { city: 'Ulm' }))],
      user(result('call_1', 'weather', 'rain'), text('Be quick.')),
    ],
  },
  {
    name: 'two rounds of calls',
    tools: [weather],
    turns: [
      ...[...hi, assistant(call('call_1', 'weather', { city: 'Ulm' }))],
      ...[
        user(result('call_1', 'weather', 'rain')),
        assistant(call('call_2', 'weather', { city: 'Bonn' })),
      ],
      user(result('call_2', 'weather', 'sun')),
    ],
  },
  {
    name: 'an input of many kinds',
    tools: [weather],
    turns: [
      ...hi,
      assistant(call('call_1', 'weather', { a: [1, null, { b: 'ü"\\' }], c: 1.5, d: true, e: {} })),
      user(result('call_1', 'weather', '{"json":true}')),
    ],
  },
  {
    name: 'a call with no input',
    tools: [time],
    turns: [...hi, assistant(call('call_1', 'time')), user(result('call_1', 'time', 'noon'))],
  },
  {
    ...{ name: 'a form of the answer', turns: hi, answer: says('{"city":"Ulm"}') },
    schema: { ...CITY, additionalProperties: false },
  },
  { name: 'a temperature', turns: hi, temperature: 0.2 },
  { name: 'a temperature of zero', turns: hi, temperature: 0 },
  { name: 'a share of what is likely', turns: hi, topP: 0.5 },
  { name: 'one stop', turns: hi, stop: ['END'] },
  { name: 'four stops', turns: hi, stop: ['a', 'b', 'c', '\n\n'] },
  { name: 'little effort', turns: hi, effort: 'low' },
  { name: 'much effort', turns: hi, effort: 'high' },
  { name: 'an end user', turns: hi, endUser: 'user-7' },
  {
    name: 'all settings at once',
    ...{ turns: [system('Be brief.'), ...hi], tools: [weather, time], choice: 'auto' as const },
    ...{ temperature: 0.7, topP: 0.9, stop: ['END'], effort: 'medium' as const, endUser: 'user-7' },
  },
];

/** What is answered to a plain question. */
const answers: readonly [string, AnswerShape][] = [
  ['no text', { says: [], stop: 'end', usage }],
  ['one letter', says('a')],
  ['texts beyond ASCII', says('Füße — 日本 🙂')],
  ['line ends', says('a\n\nb\r\nc\n')],
  ['what looks like an event', says('data: [DONE]\n\nevent: error\ndata: {}\n\n')],
  ['JSON', says('{"city":"Ulm","n":[1,2]}')],
  ['a long text', says('word '.repeat(400))],
  ['a text that was cut', { ...says('The answ'), stop: 'length' }],
  ['a stop of the client’s', { ...says('before'), stop: 'stop_sequence' }],
  ['a refusal', { ...says('I cannot help.'), stop: 'refusal' }],
  ['a call', { says: [call('call_1', 'weather', { city: 'Ulm' })], stop: 'calls', usage }],
  ['a call without input', { says: [call('call_1', 'time')], stop: 'calls', usage }],
  [
    'a text and a call',
    {
      says: [text('Let me see.'), call('call_1', 'weather', { city: 'Ulm' })],
      stop: 'calls',
      usage,
    },
  ],
  [
    'two calls',
    {
      says: [call('call_1', 'weather', { city: 'Ulm' }), call('call_2', 'time')],
      stop: 'calls',
      usage,
    },
  ],
  [
    'two calls of one tool',
    {
      says: [
        call('call_1', 'weather', { city: 'Ulm' }),
        call('call_2', 'weather', { city: 'Bonn' }),
      ],
      ...{ stop: 'calls', usage },
    },
  ],
  [
    'a text and five calls',
    {
      says: [
        text('All:'),
        ...[1, 2, 3, 4, 5].map((n) => call(`call_${n}`, 'weather', { city: `c${n}` })),
      ],
      ...{ stop: 'calls', usage },
    },
  ],
  [
    'a call with a deep input',
    { says: [call('call_1', 'weather', { a: { b: [{ c: 'ü"\\\n' }] } })], stop: 'calls', usage },
  ],
  [
    'a call with a long input',
    { says: [call('call_1', 'weather', { text: 'x"y'.repeat(300) })], stop: 'calls', usage },
  ],
  ['what was read from a cache', { ...plain, usage: { ...usage, cacheRead: 15 } }],
  ['what was written to a cache', { ...plain, usage: { ...usage, cacheWrite: 11 } }],
  ['both', { ...plain, usage: { ...usage, cacheRead: 15, cacheWrite: 11 } }],
  [
    'a thought',
    { says: [{ thought: 'Hm.' }, text('Yes.')], stop: 'end', usage: { ...usage, thinking: 4 } },
  ],
  [
    'a long thought',
    {
      says: [{ thought: 'Hm. '.repeat(200) }, text('Yes.')],
      stop: 'end',
      usage: { ...usage, thinking: 8 },
    },
  ],
  [
    'a thought and a call',
    {
      says: [{ thought: 'Rain?' }, call('call_1', 'weather', { city: 'Ulm' })],
      ...{ stop: 'calls', usage: { ...usage, thinking: 4 } },
    },
  ],
  ['large counts', { ...plain, usage: { ...usage, input: 190_000, output: 60_000 } }],
];

export const shapes: readonly Shape[] = [
  ...asked.map((shape): Shape => ({ answer: plain, ...shape, name: `asks: ${shape.name}` })),
  ...answers.map(
    ([name, answer]): Shape => ({
      ...{ name: `is answered: ${name}`, turns: hi, tools: [weather, time], answer },
    }),
  ),
];
