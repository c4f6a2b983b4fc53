/** A response that is generated in the background, as its provider tells of it. */
import type { Background } from '../../dialect.ts';
import { openAnswer } from '../../shared/open-answer.ts';
import type { Asked } from '../asked.ts';
import { ResponseAnswer } from './response-answer.ts';
import { ResponseStream } from './response-stream.ts';

/** Of a request that was not kept: it has an input, and the model writes. */
const ASKED: Asked = {
  ...{ generates: true, stripsUsageChunk: false, mayRepeat: null },
  unshownTokensMax: () => null,
  hasInput: () => true,
};

export const background: Background = {
  path: (id) => `/responses/${encodeURIComponent(id)}`,
  answer: (headers, limits) =>
    openAnswer(
      headers,
      limits,
      {
        stream: () => new ResponseStream(limits, ASKED),
        whole: () => new ResponseAnswer(limits, ASKED),
      },
      Buffer.from('{'),
    ),
};
