import { unknownQuantities, zeroQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { attempt } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

const NOON = Date.parse('2026-11-14T12:00:00.000Z');
const NIGHT = Date.parse('2026-11-14T23:59:50.000Z');

type Report = {
  id: string | null;
  verdict: string;
  files: { sha256: string; problems_count: number }[];
  report: {
    attributed_by: string;
    causes: { cause: string; quantities: object; amount: string }[];
    buckets: { bucket: string; theirs: number; ours: number; unexplained: number }[];
    cells: { day: string; attempts: object; held: string }[];
  };
};

let house: ApiHouse;
const unknown = attempt(
  {
    ...{ ...unknownQuantities(), usage_source: 'none', cost: null, status: 'unknown' },
    ...{ hold_lease_ids: ['lse_1'], hold_amounts: ['0.250000000000'], hold_units: ['usd'] },
    ...{ provider: 'openai', deployment: 'openai/gpt-4o', model_requested: 'gpt-4o' },
    ...{ model_served: null, budget_windows: ['budget-bud_1@20261101T000000Z'] },
  },
  NOON,
);

function served(input: number, more: Partial<UsageEvent>, timeMs: number): UsageEvent {
  const quantities = { ...zeroQuantities(), input_tokens: input, requests: 1 };
  return attempt(
    {
      ...{
        ...quantities,
        provider: 'openai',
        deployment: 'openai/gpt-4o',
        model_requested: 'gpt-4o',
      },
      ...{ model_served: 'gpt-4o-2024-08-06', cost: '0.001000000000', ...more },
    },
    timeMs,
  );
}

beforeAll(async () => {
  house = await openApiHouse({ clock: () => NOON + 2 * 86_400_000 });
  const projector = await house.stores.start('p1');
  await house.stores.append([
    served(100, { latency_ms: 900 }, NOON),
    served(30, { usage_source: 'estimated' }, NOON + 1_000),
    // It starts on the 14th and ends on the 15th.
    served(50, { latency_ms: 20_000 }, NIGHT),
    served(7, { provider: 'other' }, NOON),
    unknown,
  ]);
  await projector.caughtUp();
  await projector.stop();
});
afterAll(() => house?.close());

function csv(rows: readonly (readonly [string, string, number, number])[]): string {
  const header =
    'start_time,end_time,num_model_requests,api_key_id,model,input_tokens,output_tokens';
  const lines = rows.map(([day, key, requests, input]) => {
    const start = Date.parse(`${day}T00:00:00Z`) / 1000;
    return `${start},${start + 86_400},${requests},${key},gpt-4o-2024-08-06,${input},0`;
  });
  return [header, ...lines, ''].join('\n');
}

const content = csv([
  ['2026-11-14', 'ours', 3, 175],
  ['2026-11-14', 'script', 1, 11],
  ['2026-11-15', 'ours', 1, 50],
]);
const body = { files: [{ name: 'usage.csv', content }], own_identities: ['api_key:ours'] };

it('says what explains the difference, keeps it, and says more once it is resolved', async () => {
  const { status, json } = await house.post<Report>('/v1/reconciliations/totals', body);
  expect([status, json.report.attributed_by]).toEqual([201, 'end']);
  const causes = json.report.causes.map(({ cause, quantities }) => [cause, quantities]);
  // Both an estimate and an unknown attempt are of that day: totals cannot tell which it is.
  expect(causes).toEqual([
    ['undecided', { input_tokens: 45 }],
    ['gap', { input_tokens: 11, requests: 1 }],
    ['unknown_attempts', { requests: 1 }],
  ]);
  expect(json.report.buckets[0]).toMatchObject({ theirs: 236, ours: 180, unexplained: 0 });
  expect(json.report.cells[0]).toMatchObject({
    attempts: { stated: 1, estimated: 1, unknown: 1, unpriced: 0 },
    held: '0.250000000000',
  });
  const projector = await house.stores.start('p2');
  const resolved = { ...zeroQuantities(), input_tokens: 40, requests: 1, cost: '0.002000000000' };
  const resolution = attempt(
    {
      ...{ ...resolved, type: 'resolution', resolves_id: unknown.id, attempt: 0 },
      ...{ provider: 'openai', usage_source: 'reconciled' },
    },
    NOON,
  );
  await house.stores.append([resolution]);
  await projector.caughtUp();
  await projector.stop();
  const later = await house.get<Report>(`/v1/reconciliations/totals/${json.id}`);
  expect(later.json.report.causes.map(({ cause, quantities }) => [cause, quantities])).toEqual([
    ['gap', { input_tokens: 11, requests: 1 }],
    ['estimates', { input_tokens: 5 }],
  ]);
  const list = await house.get<{ data: Report[] }>('/v1/reconciliations/totals');
  expect(list.json.data.map(({ id, verdict }) => [id, verdict])).toEqual([[json.id, json.verdict]]);
});

it('a dry run stores nothing, and an unreadable file is refused with the reason', async () => {
  const dry = await house.post<Report>('/v1/reconciliations/totals', { ...body, dry_run: true });
  expect([dry.status, dry.json.id]).toEqual([201, null]);
  const list = await house.get<{ data: Report[] }>('/v1/reconciliations/totals');
  expect(list.json.data).toHaveLength(1);
  const files = [{ name: 'x', content: 'name,colour\na,red\n' }];
  const refused = await house.post<{ code: string }>('/v1/reconciliations/totals', { files });
  expect([refused.status, refused.json.code]).toEqual([422, 'bill_unreadable']);
});
