/** Usage in streams: previews, empty and smaller totals, and other places. */
import type { AnswerCase } from '../answer-case.ts';
import {
  ASKED_STREAM,
  chunk,
  DONE,
  delta,
  FINISH,
  stated,
  streamed,
  usageChunk,
  words,
} from './fixtures.ts';

const request = ASKED_STREAM;
const asks = { ...request, stream_options: { include_usage: true } };
const preview = usageChunk(stated(2_000, 4));
const UNKNOWN = 'none unknown, no cost';
const behind = (last: unknown) =>
  streamed(
    ...words(3),
    chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: stated(40, 9) }),
    usageChunk(last),
    DONE,
  );
const FORTY = 'ok, provider 40 0 0 9 0 0 0, 0.000130000000';

export const usageInStreams: readonly AnswerCase[] = [
  ...(['reset', 'close'] as const).map(
    (after): AnswerCase => ({
      ...{
        name: `1a a preview, then broken off by ${after}`,
        origin: 'semantic-router#2215',
        request,
      },
      provider: { ...streamed(preview, ...words(40)), unfinished: true, after },
      expected: `upstream_error, ${UNKNOWN}, upstream_broken; cut`,
    }),
  ),
  {
    ...{ name: '1b a preview, then the total', origin: 'semantic-router#2215', request },
    provider: streamed(preview, ...words(40), FINISH, usageChunk(stated(2_000, 252)), DONE),
    expected: 'ok, provider 2000 0 0 252 0 0 0, 0.004520000000; 200 without our chunk',
  },
  {
    ...{
      name: '1b the same for a client that asks',
      origin: 'semantic-router#2215',
      request: asks,
    },
    provider: streamed(preview, ...words(40), FINISH, usageChunk(stated(2_000, 252)), DONE),
    expected: 'ok, provider 2000 0 0 252 0 0 0, 0.004520000000; 200 as sent',
  },
  {
    ...{ name: '1c a preview, and no total', origin: 'semantic-router#2215', request },
    provider: streamed(preview, ...words(40), FINISH, DONE),
    expected: `ok, ${UNKNOWN}, usage_not_final; 200 without our chunk`,
  },
  {
    ...{ name: '1d a preview, and the client leaves', origin: 'semantic-router#2215', request },
    provider: { ...streamed(preview, ...words(40), FINISH, DONE), dripMs: 50 },
    leavesAfterMs: 700,
    expected: `client_closed, ${UNKNOWN}, upstream_aborted; left`,
  },
  {
    ...{ name: '2a an empty usage last', origin: 'CLIProxyAPI#2762', request },
    provider: behind({}),
    expected: `${FORTY}; 200 without our chunk`,
  },
  {
    ...{ name: '2b counts of null last', origin: 'CLIProxyAPI#3077', request },
    provider: behind({ prompt_tokens: null, completion_tokens: null, total_tokens: null }),
    expected: `${FORTY}; 200 without our chunk`,
  },
  {
    ...{ name: '2c null first', origin: 'CLIProxyAPI#2762', request },
    provider: streamed(
      chunk({ choices: [{ index: 0, delta: { content: 'a' } }], usage: null }),
      chunk({ choices: [{ index: 0, delta: { content: 'b' } }], usage: {} }),
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage: stated(40, 9) }),
      DONE,
    ),
    expected: `${FORTY}; 200 as sent`,
  },
  {
    ...{ name: '2d zeros and a null alone', origin: 'new-api#6924', request },
    provider: streamed(
      ...words(3),
      FINISH,
      usageChunk({ prompt_tokens: 0, completion_tokens: null, total_tokens: 0 }),
      DONE,
    ),
    expected: `ok, ${UNKNOWN}, usage_below_visible; 200 without our chunk`,
  },
  {
    ...{ name: '3a a smaller total last', origin: 'litellm#36114', request },
    provider: streamed(
      ...words(5),
      chunk({
        choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
        usage: stated(2_852, 120),
      }),
      usageChunk(stated(22, 120)),
      DONE,
    ),
    expected: 'ok, provider 2852 0 0 120 0 0 0, 0.004052000000; 200 without our chunk',
  },
  {
    ...{ name: '3b totals that contradict each other', origin: 'ccLoad#133', request },
    provider: streamed(
      ...words(5),
      FINISH,
      usageChunk(stated(2_852, 3)),
      usageChunk(stated(22, 120)),
      DONE,
    ),
    expected: `ok, ${UNKNOWN}, usage_contradictory; 200 without our chunk`,
  },
  {
    ...{ name: '11b a chunk with NaN', origin: 'NeMo-RL#2962', request },
    provider: streamed(
      delta('x').replace(
        '"finish_reason"',
        '"logprobs":{"content":[{"logprob":NaN,"top":-Infinity}]},"finish_reason"',
      ),
      FINISH,
      usageChunk(stated(12, 3)),
      DONE,
    ),
    expected: 'ok, provider 12 0 0 3 0 0 0, 0.000042000000; 200 without our chunk',
  },
  {
    ...{ name: '14a usage in a choice', origin: 'earendil-works/pi#2017', request },
    provider: streamed(
      ...words(3),
      chunk({ choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage: stated(19, 13) }] }),
      DONE,
    ),
    expected: 'ok, provider 19 0 0 13 0 0 0, 0.000149000000; 200 as sent',
  },
  {
    ...{ name: '14b usage in x_groq, with seconds', origin: 'vercel/ai#1651', request },
    provider: streamed(
      chunk({ choices: [{ index: 0, delta: { role: 'assistant' } }], x_groq: { id: 'req_1' } }),
      ...words(3),
      chunk({
        choices: [{ index: 0, delta: {}, finish_reason: 'stop' }],
        x_groq: { id: 'req_1', usage: stated(23, 19, { queue_time: 0.0412, total_time: 0.31 }) },
      }),
      DONE,
    ),
    expected: 'ok, provider 23 0 0 19 0 0 0, 0.000213000000; 200 as sent',
  },
];
