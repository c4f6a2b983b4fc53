/** What a call that comes again is answered by, if it took several attempts. */
import { expect, it } from 'vitest';
import type { Endpoint } from '../dialects/dialect.ts';
import { openAi } from '../dialects/openai/openai.ts';
import type { AnswerRecord } from './answer-record.ts';
import { Recording, type RecordingHouse, type TapedEnd } from './recording.ts';

const outcome = { status: 'ok', http_status: 200, usage_source: 'provider', cost: '0.1' } as const;
const answered = (text: string): TapedEnd => ({
  ...{ ending: 'answered', outcome, last: [Buffer.from(text)], blocked: null },
});

function recordOf(keep: (recording: Recording) => void): [number, string] {
  let record: AnswerRecord | null | 'unsent' = null;
  const house = {
    ...{ answerBytesMax: 99, takeRoom: () => true, giveRoomBack: () => undefined },
    ended: (_: Recording, ended: typeof record) => {
      record = ended;
    },
    failures: { timeout: 'upstream_timeout' },
  } as unknown as RecordingHouse;
  const endpoint = openAi.endpoints[0] as Endpoint;
  const recording = new Recording(house, { id: 'i', token: 't' }, { endpoint, callId: 'c' });
  recording.tape().ended(answered('first'), {});
  recording.tape().ended({ ...answered(''), ending: 'timeout' }, {});
  keep(recording);
  recording.end();
  const { status, body } = record as unknown as AnswerRecord;
  return [status, body.toString()];
}

it('is answered as its last attempt ended, or by the one whose answer its client got', () => {
  const [status] = recordOf(() => undefined);
  expect(status).toBe(504);
  expect(recordOf((recording) => recording.answeredBy(1))).toEqual([200, 'first']);
});
