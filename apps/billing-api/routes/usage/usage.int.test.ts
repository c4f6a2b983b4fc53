import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { attempt, openHouse } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

const NOW = Date.parse('2026-11-28T12:00:00.000Z');
let house: ApiHouse;

const at = (customer_id: string, time: string, more: Partial<UsageEvent> = {}) =>
  attempt({ customer_id, input_tokens: 1, recorded_at: time, ...more }, Date.parse(time));

beforeAll(async () => {
  const stores = await openHouse();
  await stores.append([
    ...['2026-10-03T15:20Z', '2026-10-03T15:40Z', '2026-10-03T17:10Z', '2026-10-04T05:05Z'].map(
      (time) => at('lord_howe', `${time.slice(0, -1)}:00.000Z`),
    ),
    at('havana', '2026-11-01T03:59:59.999Z'),
    at('havana', '2026-11-01T04:30:00.000Z'),
    at('havana', '2026-11-01T05:30:00.000Z', { type: 'refusal', status: 'refused' }),
    at('havana_march', '2026-03-08T04:59:59.000Z'),
    at('havana_march', '2026-03-08T05:00:00.000Z'),
    at('azores', '2026-10-25T00:10:00.000Z'),
    at('azores', '2026-10-25T01:10:00.000Z'),
    at('far', '2026-11-20T10:20:00.000Z'),
    at('renamed', '2026-11-20T10:20:00.000Z', {
      ...{ model_requested: 'ours', model_served: 'theirs-2026' },
    }),
    at('renamed', '2026-11-20T10:21:00.000Z', {
      ...{ model_requested: 'ours', model_served: null, type: 'refusal', status: 'refused' },
    }),
  ]);
  const projector = await stores.start('usage');
  await projector.caughtUp();
  await projector.stop();
  house = await openApiHouse({ stores, clock: () => NOW });
}, 60_000);
afterAll(() => house.close());

type Row = Record<string, string | number | null>;

async function usage(query: Record<string, string>) {
  const url = `/v1/usage?${new URLSearchParams(query)}`;
  const { status, json } = await house.get<{ data?: Row[]; errors?: unknown }>(url);
  return { status, ...json, data: json.data ?? [] };
}

async function windows(customer_id: string, query: Record<string, string>) {
  const { data } = await usage({ customer_id, ...query });
  return data.map(({ window_start, events }) => [String(window_start).slice(0, 16), events]);
}

describe('GET /v1/usage by window of local time', () => {
  it('hours begin on the local hour, also on a day whose clocks moved by half an hour', async () => {
    // From ClickHouse/ClickHouse#119969.
    const range = { start: '2026-10-03T12:00:00Z', end: '2026-10-04T12:00:00Z' };
    const zone = { window: 'hour', time_zone: 'Australia/Lord_Howe' };
    expect(await windows('lord_howe', { ...range, ...zone })).toEqual([
      ['2026-10-03T14:30', 1],
      ['2026-10-03T15:30', 1],
      ['2026-10-03T17:00', 1],
      ['2026-10-04T05:00', 1],
    ]);
  });

  it.each([
    ['Asia/Kathmandu', '2026-11-20T10:15'],
    ['Pacific/Chatham', '2026-11-20T10:15'],
    ['Asia/Kolkata', '2026-11-20T09:30'],
  ])('hours of %s begin where its clocks say so', async (time_zone, start) => {
    expect(await windows('far', { window: 'hour', time_zone })).toEqual([[start, 1]]);
  });

  it.each([
    ['day', ['2026-10-31T04:00', '2026-11-01T04:00']],
    ['month', ['2026-10-01T04:00', '2026-11-01T04:00']],
  ])('a %s whose midnight comes twice begins at the first', async (window, [before, after]) => {
    // From killbill/killbill#743.
    const query = { window, time_zone: 'America/Havana', start: '2026-10-15', end: '2026-11-15' };
    expect(await windows('havana', query)).toEqual([
      [before, 1],
      [after, 2],
    ]);
  });

  it('a day without a midnight begins with its first instant; one that is longer is one', async () => {
    const march = { window: 'day', time_zone: 'America/Havana', start: '2026-03-01' };
    expect(await windows('havana_march', { ...march, end: '2026-04-01' })).toEqual([
      ['2026-03-07T05:00', 1],
      ['2026-03-08T05:00', 1],
    ]);
    const azores = { window: 'day', time_zone: 'atlantic/azores' };
    const october = { start: '2026-10-01', end: '2026-11-01' };
    expect(await windows('azores', { ...azores, ...october })).toEqual([['2026-10-25T00:00', 2]]);
  });
});

describe('GET /v1/usage', () => {
  it('is about the current month of the zone by default', async () => {
    const { data } = await usage({ customer_id: 'havana', time_zone: 'America/Havana' });
    const utc = await usage({ customer_id: 'havana' });
    const october = await usage({ customer_id: 'azores', end: '2026-11-01' });
    const since = await usage({ customer_id: 'azores', start: '2026-10-01' });
    const events = [data, utc.data, october.data, since.data].map(([row]) => row?.['events']);
    expect(events).toEqual([2, 3, 2, 2]);
  });

  it('groups by the names of its own fields, and tells refused calls from others', async () => {
    const query = { customer_id: 'havana', group_by: 'customer_id,type' };
    const { data } = await usage(query);
    const rows = data.map(({ customer_id, type, events, refusals }) => [
      ...[customer_id, type, events, refusals],
    ]);
    expect(rows).toEqual([
      ['havana', 'attempt', 2, 0],
      ['havana', 'refusal', 1, 1],
    ]);
    const short = await usage({ ...query, group_by: 'customer,customer_id,tag:feature' });
    expect(short.data).toMatchObject([{ customer_id: 'havana', tag: 'chat', refusals: 1 }]);
    const refusals = await usage({ customer_id: 'havana', type: 'refusal' });
    expect(refusals.data).toMatchObject([{ type: null, events: 1 }]);
  });

  it('has one name of a model for served and refused calls: the one that was requested', async () => {
    const query = { customer_id: 'renamed', group_by: 'model_requested' };
    const { data } = await usage(query);
    expect(data).toMatchObject([{ model_requested: 'ours', model: null, events: 2, refusals: 1 }]);
    const both = await usage({ ...query, group_by: 'model,model_requested' });
    expect(both.data.map(({ model, model_requested }) => [model, model_requested])).toEqual([
      ['ours', 'ours'],
      ['theirs-2026', 'ours'],
    ]);
    const named = await usage({ customer_id: 'renamed', model_requested: 'ours' });
    const other = await usage({ customer_id: 'renamed', model_requested: 'theirs-2026' });
    expect([named.data[0]?.['events'], other.data]).toEqual([2, []]);
  });

  it.each([
    ['time_zone', 'Mars/Olympus', 'query.time_zone'],
    ['time_zone', '+01:00', 'query.time_zone'],
    ['start', '2026-11-01 00:00:00', 'query.start'],
    ['end', '2026-02-30', 'query.end'],
    ['group_by', 'customer,colour', 'query.group_by'],
  ])('refuses a %s of %s by name', async (name, value, path) => {
    const { status, errors } = await usage({ [name]: value });
    expect([status, errors]).toEqual([400, [expect.objectContaining({ path })]]);
  });
});
