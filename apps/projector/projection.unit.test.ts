import { describe, expect, it } from 'vitest';
import { projectRecord } from './projection.ts';

const ID = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';

/** As the proxy writes it, so that the quick look takes it. */
const attempt = (id = ID, time = '2026-11-24T01:02:03.004Z') =>
  `{"id":"${id}","type":"attempt","schema_version":1,"call_id":"${ID}","attempt":1,` +
  `"source":"proxy/ins_1","resolves_id":null,"customer_id":"Zoë","team_id":null,"key_id":"key_1",` +
  `"environment":"live","tags":{"a":"b"},"end_user":null,"provider":"p","deployment":"p/m",` +
  `"model_requested":"m","endpoint":"chat.completions","stream":false,"price_version":null,` +
  `"price_source":"none","cache":"miss","hold_lease_ids":[],"hold_amounts":[],"hold_units":[],` +
  `"budget_windows":[],"external_type":null,"external_subject":null,"external_data":null,` +
  `"time":"${time}","provider_request_id":"r","model_served":"m","input_tokens":1,` +
  `"cache_read_tokens":0,"cache_write_tokens":0,"output_tokens":2,"reasoning_tokens":0,` +
  `"audio_input_tokens":0,"audio_output_tokens":0,"images":0,"requests":1,` +
  `"usage_source":"provider","cost":null,"status":"ok","http_status":200,"error_type":null,` +
  `"latency_ms":1.5,"ttft_ms":null,"overhead_us":3,"recorded_at":"2026-11-24T01:02:03.004Z"}`;

const rowOf = (text: string) => {
  const value = Buffer.from(text);
  const row = projectRecord({ partition: 1, offset: 7n, value, appendedAtMs: 0 });
  return { ...row, object: row.object === null ? null : Buffer.from(row.object).toString() };
};

describe('the row of a record', () => {
  it.each([
    ['white space around it', (text: string) => ` ${text}\r\n`],
    ['a byte order mark before it', (text: string) => `\ufeff${text}`],
    [
      'its fields in another order',
      (text: string) => text.replace('"images":0,', '').replace('{', '{"images":0,'),
    ],
    ['an escape in a text', (text: string) => text.replace('"m"', '"\\u006d"')],
  ])('I5: is the same by the quick and by the long way: %s', (_, changed) => {
    const quick = rowOf(attempt());
    const long = rowOf(changed(attempt()));
    expect(quick).toMatchObject({ resolvesId: null, resolvable: true });
    expect(quick.object).toBe(attempt());
    expect({ ...long, leafHex: '', object: '' }).toEqual({ ...quick, leafHex: '', object: '' });
    expect(long.object?.startsWith('{')).toBe(true);
    expect(JSON.parse(long.object ?? '')).toEqual(JSON.parse(attempt()));
  });

  it.each([
    ['id: not a UUIDv7', attempt(ID.replace('-7', '-4'))],
    ['time: no such date', attempt(ID, '2026-13-24T01:02:03.004Z')],
    ['not UTF-8 JSON', attempt().slice(0, -1)],
  ])('is dead, whichever way it went: %s', (reason, text) => {
    expect(rowOf(text)).toMatchObject({ disposition: 'dead', deadReason: reason, object: null });
    expect(rowOf(` ${text}`)).toMatchObject({ disposition: 'dead', deadReason: reason });
  });
});
