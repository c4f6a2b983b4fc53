import { type AccessLine, accessLine } from '@tollgate/schemas/access-log/access-line.ts';
import { describe, expect, it } from 'vitest';
import { accessText, endedCall } from '../access-log/access-log.ts';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import {
  CHUNK,
  chat,
  connectRaw,
  DONE,
  leave,
  post,
  startStream,
  USAGE,
  until,
  usage,
} from '../testing/calls.ts';

const open = useCallHouses();

/** A house that keeps the lines of its calls. */
async function logged(options: CallHouseOptions): Promise<[CallHouse, AccessLine[]]> {
  const lines: AccessLine[] = [];
  const add = (...call: Parameters<typeof endedCall>) =>
    void lines.push(accessLine.parse(JSON.parse(accessText(endedCall(...call)))));
  return [await open({ ...options, accessLog: { add } }), lines];
}

const stream: CallHouseOptions['providers'][number] = (_request, response) => {
  startStream(response).write(CHUNK);
  response.end(USAGE + DONE);
};

describe('the access log has one line of a call', () => {
  it('that was answered, with what left', async () => {
    const [house, lines] = await logged({ providers: [stream] });
    const response = await post(house, chat({ stream: true }));
    const text = await response.text();
    await house.idle();
    expect(lines).toMatchObject([
      {
        ...{ call_id: response.headers.get('x-tollgate-call-id'), key_id: 'key_1' },
        ...{ customer_id: 'cus_1', endpoint: 'chat.completions', model: 'm', stream: true },
        ...{ provider: 'p1', deployment_model: 'm', status: 'ok', error_type: null },
        ...{ http_status: 200, upstream_status: 200, attempts: 1, cost: '0.000000000042' },
        ...{ input_tokens: 30, output_tokens: 12, request_bytes: chat({ stream: true }).length },
        response_bytes: Buffer.byteLength(text),
      },
    ]);
    const [line] = lines;
    expect(line?.ttft_ms).toBeGreaterThanOrEqual(0);
    expect(line?.duration_ms).toBeGreaterThanOrEqual(line?.ttft_ms ?? Number.NaN);
  });

  it('that was answered whole, and of one that the provider could not answer', async () => {
    const body = JSON.stringify({ usage, choices: [] });
    const answer: typeof stream = (_request, response) => void response.end(body);
    const [house, lines] = await logged({ providers: [answer] });
    await (await post(house)).text();
    await house.close();
    const [away, linesAway] = await logged({ providers: [null] });
    const failed = await (await post(away)).text();
    await away.idle();
    expect([lines[0]?.response_bytes, lines[0]?.ttft_ms]).toEqual([body.length, null]);
    expect(linesAway).toMatchObject([
      {
        ...{ status: 'upstream_error', error_type: 'upstream_unreachable', upstream_status: null },
        ...{ http_status: 502, attempts: 1, response_bytes: failed.length },
      },
    ]);
  });

  it('that was refused, with the reason', async () => {
    const [house, lines] = await logged({ providers: [stream], budgets: [{ limit: 1n }] });
    const response = await post(house);
    const text = await response.text();
    expect(response.status).toBe(402);
    const invalid = await post(house, '{"model":');
    await invalid.text();
    expect(lines).toMatchObject([
      {
        ...{ status: 'refused', error_type: 'budget_exceeded', http_status: 402, attempts: 0 },
        ...{ model: 'm', provider: null, cost: null, response_bytes: text.length },
      },
      { status: 'refused', error_type: 'invalid_json', model: null, request_bytes: 9 },
    ]);
  });

  it('whose client left, with what the key is charged', async () => {
    let finish = (): void => undefined;
    const slow: typeof stream = (_request, response) => {
      startStream(response).write(CHUNK);
      finish = () => void response.end(USAGE + DONE);
    };
    const [house, lines] = await logged({ providers: [slow] });
    const socket = await connectRaw(house);
    socket.resume();
    await until(() => socket.bytesRead > 0);
    await leave(house, socket);
    finish();
    await house.idle();
    expect(lines).toMatchObject([
      { status: 'client_closed', attempts: 1, cost: '0.000000000042', output_tokens: 12 },
    ]);
  });
});
