/** Errors with a status of success, and answers that say nothing of usage. */
import type { AnswerCase } from '../answer-case.ts';
import {
  ASKED,
  ASKED_STREAM,
  answer,
  chunk,
  completion,
  DONE,
  delta,
  FINISH,
  JSON_TYPE,
  stated,
  streamed,
  usageChunk,
  words,
} from './fixtures.ts';

const error = { message: 'placeholder: over quota', type: 'insufficient_quota', code: 429 };
const failed = (what: 'error' | 'nothing') =>
  `upstream_error, none unknown, no cost, upstream_answered_${what}; 200 as sent`;
const unread = (why: string) => `ok, none unknown, no cost, ${why}; 200 as sent`;
const errors = (
  name: string,
  origin: string,
  provider: AnswerCase['provider'],
  what: 'error' | 'nothing' = 'error',
): AnswerCase => ({
  ...{ name, origin, provider, expected: failed(what) },
  request: provider.headers === JSON_TYPE ? ASKED : ASKED_STREAM,
});
const thought = 'we consider the matter step by step ';
const thoughts = (member: string) => Array.from({ length: 60 }, () => delta({ [member]: thought }));
const ESTIMATE = 'ok, estimated 11 0 0 421 0 0 0, 0.004221000000; 200 as sent';
const picture = {
  type: 'image_url',
  image_url: { url: `data:image/png;base64,${'iVBORw0K'.repeat(9_000)}` },
};
const vectors = answer({ object: 'list', data: [{ index: 0, embedding: 'zczMPQ==' }], model: 'm' });
const embedding = (name: string, input: unknown, expected: string): AnswerCase => ({
  ...{ name, origin: 'litellm#10113', path: '/v1/embeddings', provider: vectors, expected },
  request: { model: 'embed', input, encoding_format: 'base64', dimensions: 2 },
});

export const usageUnstated: readonly AnswerCase[] = [
  errors(
    '6a an error first',
    'clawrouter#101',
    streamed(': hb\n\n', `event: error\n`, `data: ${JSON.stringify({ error })}\n\n`, DONE),
  ),
  errors(
    '6b an error behind text',
    'OmniRoute#8210',
    streamed(...words(20), chunk({ choices: [], error }), DONE),
  ),
  errors('6c an error as JSON', 'auto_ai_router#149', answer({ error })),
  errors('6d an empty body', 'DeepSeek-V3#407', answer(''), 'nothing'),
  errors('6f nothing but the end', 'clawrouter#101', streamed(DONE), 'nothing'),
  errors(
    '6g an error in a choice',
    'issue 13',
    streamed(...words(2), chunk({ choices: [{ index: 0, delta: {}, error }] }), DONE),
  ),
  errors('6h a page', 'issue 13', answer('<html>502 Bad Gateway</html>')),
  {
    ...{ name: '6i an error and a total', origin: 'OmniRoute#8210', request: ASKED_STREAM },
    provider: streamed(
      ...words(3),
      chunk({ choices: [], error }),
      FINISH,
      usageChunk(stated(40, 9)),
      DONE,
    ),
    expected:
      'upstream_error, provider 40 0 0 9 0 0 0, 0.000130000000, upstream_answered_error; 200 without our chunk',
  },
  ...['reasoning_content', 'reasoning', 'thinking'].map(
    (member): AnswerCase => ({
      ...{ name: `18 text in ${member}`, origin: 'litellm#38676', request: ASKED_STREAM },
      provider: streamed(...thoughts(member), FINISH, DONE),
      expected: ESTIMATE,
    }),
  ),
  {
    ...{ name: '18c a function call of before there were tools', origin: 'hermes-agent#12740' },
    request: ASKED_STREAM,
    provider: streamed(
      ...Array.from({ length: 60 }, () => delta({ function_call: { arguments: thought } })),
      FINISH,
      DONE,
    ),
    expected: ESTIMATE,
  },
  {
    ...{ name: '18d text in a member that nobody knows', origin: 'new-api#6924' },
    ...{ request: ASKED_STREAM, provider: streamed(...thoughts('musings'), FINISH, DONE) },
    expected: unread('output_unread'),
  },
  {
    ...{ name: '18e text, and the client leaves', origin: 'litellm#38676', request: ASKED_STREAM },
    provider: {
      ...streamed(delta({ musings: thought }), ...thoughts('reasoning'), FINISH, DONE),
      dripMs: 30,
    },
    leavesAfterMs: 600,
    expected: 'client_closed, none unknown, no cost, upstream_aborted; left',
  },
  {
    ...{ name: '18f no text at all', origin: 'issue 13', request: ASKED },
    provider: completion(undefined, { content: '' }),
    expected: unread('usage_missing'),
  },
  {
    ...{ name: '19 a picture in the request', origin: 'OmniRoute#8368' },
    request: {
      ...ASKED,
      messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, picture] }],
    },
    provider: completion(undefined, { content: 'A small picture.' }),
    expected: unread('input_unread'),
  },
  embedding(
    '20a lists of ids',
    [
      [15339, 1917, 11],
      [220, 3],
    ],
    'ok, estimated 5 0 0 0 0 0 0, 0.000000100000; 200 as sent',
  ),
  embedding('20b ids', [15339, 1917], 'ok, estimated 2 0 0 0 0 0 0, 0.000000040000; 200 as sent'),
  embedding('20c empty texts', ['', ''], unread('usage_missing')),
  {
    ...embedding('20d zeros for what is not empty', 'a b c', unread('usage_below_visible')),
    provider: answer({ data: [{ embedding: [1] }], usage: { prompt_tokens: 0, total_tokens: 0 } }),
  },
];
