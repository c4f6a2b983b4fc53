import { noQuantities } from '@tollgate/domain/usage/quantities.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../../limits.ts';
import { StreamAnswer } from './stream-answer.ts';

const chunk = (fields: object) =>
  `data: ${JSON.stringify({ id: 'c1', model: 'm', ...fields })}\n\n`;
const text = (content: string) => chunk({ choices: [{ index: 0, delta: { content } }] });
const usage = { prompt_tokens: 3, completion_tokens: 2 };
const STATED = { ...noQuantities(), inputTokens: 3, outputTokens: 2, requests: 1 };
const usageChunk = chunk({ choices: [], usage });
const done = 'data: [DONE]\n\n';

const fixtures: Record<string, string> = {
  plain: text('he') + text('llo') + usageChunk + done,
  'no usage': text('he') + done,
  'no [DONE]': text('he') + usageChunk,
  'no empty line at the end': text('he') + usageChunk.trimEnd(),
  CRLF: (text('he') + usageChunk + done).replaceAll('\n', '\r\n'),
  CR: (text('he') + usageChunk + done).replaceAll('\n', '\r'),
  BOM: `\ufeff${text('he')}${usageChunk}${done}`,
  'multi-byte text': text('hé✓🎉') + usageChunk + done,
  'malformed JSON': `${text('a')}data: {"choices": [\n\n${usageChunk}${done}`,
  'two choices':
    chunk({ choices: [{ delta: { content: 'a' } }, { delta: { content: 'b' } }] }) + done,
  'comments and other fields': `: hello\n\nevent: x\nid: 1\ndata: {"choices":[]}\n\n${usageChunk}${done}`,
  'data over two lines': `data: {"choices":[],\ndata: "usage":{"prompt_tokens":1}}\n\n${done}`,
  'an error in the stream': `${text('a')}data: {"error":{"message":"overloaded"}}\n\n`,
  'usage on a content chunk': chunk({ choices: [{ delta: { content: 'x' } }], usage }) + done,
  'usage null on every chunk':
    chunk({ choices: [{ delta: { content: 'x' } }], usage: null }) + done,
  'usage after [DONE]': text('a') + done + usageChunk,
  empty: '',
};

const asked = {
  generates: true,
  stripsUsageChunk: true,
  hasInput: () => true,
  mayRepeat: null,
  unshownTokensMax: () => null,
};

function relay(chunks: Buffer[], stripsUsageChunk: boolean) {
  const sse = new StreamAnswer(proxyLimits, { ...asked, stripsUsageChunk });
  const early = chunks.flatMap((bytes) => sse.push(bytes));
  const seen = {
    ...{ usage: sse.quantities(), note: sse.usageNote(), isFinal: sse.isUsageFinal() },
    ...{ model: sse.model(), id: sse.id(), text: sse.outputText(), fault: sse.fault() },
  };
  const late = sse.end();
  const bytes = (parts: Buffer[]) => Buffer.concat(parts).toString('latin1');
  return { ...seen, early: bytes(early), late: bytes(late) };
}

const cases = Object.entries(fixtures).flatMap(([name, body]) =>
  [true, false].map((strip): [string, string, boolean] => [name, body, strip]),
);

describe('a stream is read and relayed the same however it is cut', () => {
  it.each(cases)('%s, split at every byte', (_, body, strip) => {
    const bytes = Buffer.from(body);
    const { early, late, ...whole } = relay([bytes], strip);
    for (let at = 0; at <= bytes.length; at++) {
      const split = relay([bytes.subarray(0, at), bytes.subarray(at)], strip);
      const { early: splitEarly, late: splitLate, ...seen } = split;
      expect(seen).toEqual(whole);
      expect(splitEarly + splitLate).toBe(early + late);
    }
  });

  it('random cuts change nothing', () => {
    const bodies = fc.constantFrom(...Object.values(fixtures));
    const cuts = fc.array(fc.nat(2000), { maxLength: 12 });
    fc.assert(
      fc.property(bodies, cuts, fc.boolean(), (body, points, strip) => {
        const bytes = Buffer.from(body);
        const at = [0, ...points.map((p) => p % (bytes.length + 1)), bytes.length];
        at.sort((a, b) => a - b);
        const chunks = at.slice(1).map((end, i) => bytes.subarray(at[i], end));
        const cut = relay(chunks, strip);
        const whole = relay([bytes], strip);
        expect({ ...cut, early: '', late: cut.early + cut.late }).toEqual({
          ...whole,
          early: '',
          late: whole.early + whole.late,
        });
      }),
    );
  });

  it('I11: without stripping every byte passes, as it came', () => {
    for (const body of Object.values(fixtures)) {
      const { early, late } = relay([Buffer.from(body)], false);
      expect(early + late).toBe(Buffer.from(body).toString('latin1'));
    }
  });

  it('strips exactly the event that we caused', () => {
    const { early, late, usage: seen } = relay([Buffer.from(fixtures['plain'] ?? '')], true);
    expect([early, late, seen]).toEqual([text('he') + text('llo'), done, STATED]);
  });

  it('I9: holds back [DONE] and what follows', () => {
    const { early, late } = relay([Buffer.from(fixtures['usage after [DONE]'] ?? '')], false);
    expect([early, late]).toEqual([text('a'), done + usageChunk]);
  });

  it('finds usage after the finish reason (Jarvis#48), the last one, never a sum', () => {
    const finish = chunk({ choices: [{ delta: {}, finish_reason: 'stop' }] });
    const first = chunk({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 1 } });
    expect(relay([Buffer.from(first + finish + usageChunk + done)], true).usage).toEqual(STATED);
  });

  it('I8: keeps a total when zeros come behind it; zeros alone are nobody’s total', () => {
    const zeros = chunk({ choices: [], usage: { prompt_tokens: 0, completion_tokens: 0 } });
    const after = relay([Buffer.from(text('he') + usageChunk + zeros + done)], true);
    const alone = relay([Buffer.from(text('he') + zeros + done)], true);
    expect([after.usage, alone.usage, alone.note]).toEqual([STATED, null, 'usage_below_visible']);
  });

  it('counts for an estimate whatever the model wrote', () => {
    const call = (fields: object) => chunk({ choices: [{ delta: { tool_calls: [fields] } }] });
    const body =
      text('Hello') +
      call({ index: 0, id: 'call_1', function: { name: 'weather', arguments: '' } }) +
      call({ index: 0, function: { arguments: '{"city":' } }) +
      call({ index: 0, function: { arguments: '"Graz"}' } }) +
      call({ index: 1, custom: { name: 'shell', input: 'ls' } }) +
      chunk({ choices: [{ delta: { refusal: 'No.' } }, { delta: null }, null] }) +
      done;
    const written = 'Helloweather{"city":"Graz"}shelllsNo.';
    expect(relay([Buffer.from(body)], false).text).toBe(written);
  });

  it('relays an event above the bound unread, and says that the text is not known', () => {
    const sse = new StreamAnswer({ ...proxyLimits, sseEventBytesMax: 64 }, asked);
    const body = Buffer.from(text('x'.repeat(500)) + usageChunk + done);
    const sent: Buffer[] = [];
    for (let at = 0; at < body.length; at += 10) sent.push(...sse.push(body.subarray(at, at + 10)));
    expect(sse.outputText()).toBe(null);
    sent.push(...sse.end());
    expect(Buffer.concat(sent).toString()).toContain('x'.repeat(500));
  });
});
