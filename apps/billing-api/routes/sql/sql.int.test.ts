import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { openReplayKeys } from '@tollgate/adapters/secrets/replay-keys.ts';
import { unknownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { attempt, type House, openHouse } from '@tollgate/projector/testing/projector-house.ts';
import { sqlResult } from '@tollgate/schemas/http/sql.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type BillingApi, buildApi } from '../../app.ts';
import { FUNCTION_NAMES, PUBLIC_VIEWS } from './allowed.ts';
import { attacks, failures } from './testing/attacks.ts';

const CANARY = `canary-${randomUUID()}`;
const DOCUMENT = readFileSync(new URL('../../../../docs/sql.md', import.meta.url), 'utf8');
const SQL_BLOCK = /^### (.+)\n\n```sql\n([\s\S]*?)```$/gm;
const HOUR_MS = 60 * 60 * 1000;

const folder = mkdtempSync(join(tmpdir(), 'tollgate-sql-'));
const canaryPath = join(folder, 'canary.txt');
let house: House;
let api: BillingApi;
let token: string;
/** Every query that passed the fence. */
const run: string[] = [];

/** Every kind of thing that an example asks for. */
function usage(): (UsageEvent | string)[] {
  const unknown = attempt({ ...unknownQuantities(), usage_source: 'none', cost: null });
  const resolution = { type: 'resolution', resolves_id: unknown.id, cost: '0.5' } as const;
  const window = 'budget-bud_1@20261101T000000Z';
  return [
    ...Array.from({ length: 40 }, (_, n) =>
      attempt({
        customer_id: `cus_${n % 2}`,
        team_id: `team_${n % 3}`,
        end_user: `user-${n % 4}`,
        cache_read_tokens: 10,
        hold_lease_ids: ['lse_1'],
        hold_amounts: ['0.000002000000'],
        hold_units: ['usd'],
        budget_windows: [window],
        external_data: 'x'.repeat(60_000),
      }),
    ),
    unknown,
    attempt({ ...unknownQuantities(), usage_source: 'none', cost: null, status: 'unknown' }),
    attempt({ ...resolution, cost: '0.500000000000' }),
    attempt({
      ...{ type: 'refusal', status: 'refused', error_type: 'budget_exceeded', cost: null },
      refusal: { kind: 'budget', budget_id: 'bud_1' },
    }),
    attempt({ status: 'upstream_error', error_type: 'server_error', http_status: 500 }),
    attempt({ recorded_at: new Date(Date.now() + 2 * HOUR_MS).toISOString() }),
    ...routedUsage(),
    'no event',
  ];
}

/** Of a customer whose calls went by the route of the example, and one by none. */
function routedUsage(): UsageEvent[] {
  const of = (fields: Partial<UsageEvent>) => attempt({ customer_id: 'cus_routed', ...fields });
  const routed = (call: number, fields: Partial<UsageEvent>) => {
    const call_id = `019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaa${call}`;
    return of({ call_id, model_requested: 'assistant', ...fields });
  };
  const unknown = { ...unknownQuantities(), usage_source: 'none', cost: null } as const;
  const failed = routed(2, { ...unknown, status: 'upstream_error' });
  const tokens = { input_tokens: 1_000, cache_read_tokens: 1, output_tokens: 100 };
  return [
    routed(1, { ...tokens, cost: '0.000210075000' }),
    // Another attempt ran at once, and was given up.
    routed(1, {
      ...{ attempt: 2, status: 'client_closed', error_type: 'hedge.lost', output_tokens: 9 },
      cost: '0.000000000003',
    }),
    failed,
    // Its provider billed what it did not answer, and another one answered.
    routed(2, { type: 'resolution', resolves_id: failed.id, cost: '0.000500000000' }),
    routed(2, { ...tokens, attempt: 2, cost: '0.000210075000' }),
    // A call that nobody answered.
    routed(3, { status: 'upstream_error', cost: '0.000000000007' }),
    of({ model_requested: 'sim-odd', cost: '0.000000000011' }),
    of({
      ...{ type: 'cache_hit', attempt: 0, cost: '0.000000000002' },
      saved_cost: '0.000000000030',
    }),
  ];
}

beforeAll(async () => {
  writeFileSync(canaryPath, `${CANARY}\n`);
  house = await openHouse();
  await house.append(usage());
  const projector = await house.start('sql');
  await projector.caughtUp();
  await projector.stop();
  const secrets = openSecrets(join(folder, 'secrets.json'));
  token = secrets.newAdminToken ?? '';
  const { ledger, log } = house;
  const select: House['warehouse']['select'] = (sql, bounds) => {
    run.push(sql);
    return house.warehouse.select(sql, bounds);
  };
  const warehouse = { ...house.warehouse, select };
  api = await buildApi({
    ...{ ledger, log, warehouse, secrets, clock: Date.now },
    replayKeys: openReplayKeys(null, Date.now),
    randomBytes: (length) => randomBytes(length),
    onError: () => undefined,
    health: async () => ({ ready: true, checks: {} }),
    limits: { sqlSecondsMax: 4, sqlMemoryBytesMax: 128 * 1024 * 1024 },
  });
});
afterAll(async () => {
  await api.stop();
  await house.close();
  rmSync(folder, { recursive: true, force: true });
});

async function post(body: unknown, authorization = `Bearer ${token}`) {
  const headers = { authorization, 'content-type': 'application/json' };
  const payload = JSON.stringify(body);
  const answer = await api.app.inject({ method: 'POST', url: '/v1/sql', headers, payload });
  return { status: answer.statusCode, text: answer.body };
}

async function rowsOf(sql: string): Promise<unknown[][]> {
  const { status, text } = await post({ sql });
  if (status !== 200) throw new Error(`${sql}\n${text}`);
  return sqlResult.parse(JSON.parse(text)).rows;
}

const codeOf = (text: string) => (JSON.parse(text) as { code?: string }).code ?? 'answered';

describe('POST /v1/sql', () => {
  it('answers with columns and rows: exact decimals and integers as text, times as RFC 3339', async () => {
    const sql = `SELECT customer_id, sum(cost) AS usd, count() AS n, toDateTime('2026-01-02 03:04:05') AS t
      FROM usage_events WHERE team_id IS NOT NULL GROUP BY customer_id ORDER BY customer_id`;
    expect(JSON.parse((await post({ sql })).text)).toEqual({
      object: 'sql_result',
      columns: [
        { name: 'customer_id', type: 'String' },
        { name: 'usd', type: 'Nullable(Decimal(38, 12))' },
        { name: 'n', type: 'UInt64' },
        { name: 't', type: expect.stringMatching(/^DateTime/) },
      ],
      rows: [
        ['cus_0', '0.000030000020', '20', '2026-01-02T03:04:05Z'],
        ['cus_1', '0.000030000020', '20', '2026-01-02T03:04:05Z'],
      ],
      truncated: false,
    });
  });

  it('cuts off after max_rows, in order, and says so', async () => {
    const sql = 'SELECT id FROM usage_events ORDER BY id DESC';
    const all = await rowsOf(sql);
    const two = JSON.parse((await post({ sql, max_rows: 2 })).text);
    const whole = JSON.parse((await post({ sql, max_rows: all.length })).text);
    expect([two.rows, two.truncated, whole.truncated]).toEqual([all.slice(0, 2), true, false]);
    expect(all).toEqual(all.toSorted().reverse());
  });

  it('accepts what a person would write', async () => {
    const queries: [sql: string, rows: unknown[][]][] = [
      ['select 1;', [[1]]],
      ['SELECT -- why\n 1 /* how */ AS "für, nichts"'.replace(',', ''), [[1]]],
      ['SELECT a FROM ((SELECT 1 AS a) UNION ALL (SELECT 2)) ORDER BY a', [[1], [2]]],
      ['(SELECT 1 AS a) UNION ALL (SELECT 1)', [[1], [1]]],
      ['SELECT 1 AS x INTERSECT SELECT 1', [[1]]],
      ["SELECT 'it''s', 'a\\'b', 'x (alias y)'", [["it's", "a'b", 'x (alias y)']]],
      ['SELECT 7 - -1, 0x10, 1.5e1, (1, 2).1', [[8, 16, 15, 1]]],
      [
        "SELECT CAST('1.5' AS Decimal(10, 2)), '2'::UInt8, toDate('2026-01-31') + INTERVAL 1 MONTH",
        [['1.50', 2, '2026-02-28']],
      ],
      ['SELECT arrayMap(x -> x + 1, [1, 2]), arraySum([1, 2])', [[['2', '3'].map(Number), '3']]],
      ['WITH 2 AS two, (SELECT 3) AS three SELECT two + three', [[5]]],
      [
        'WITH a AS (SELECT 1 AS x), b AS (SELECT x + 1 AS x FROM a) SELECT a.x, b.x FROM a, b',
        [[1, 2]],
      ],
      ['SELECT count() FROM (SELECT 1) AS usage_hourly', [['1']]],
      [
        `SELECT count() > 0 FROM tollgate.usage_quarter_hourly
         WHERE bucket IN (SELECT bucket FROM usage_hourly)`,
        [[1]],
      ],
      [
        `WITH usage_events AS (SELECT id FROM usage_events LIMIT 3) SELECT count() FROM usage_events
         WHERE id IN usage_events`,
        [['3']],
      ],
      ['SELECT count() FROM tollgate.usage_dead WHERE usage_dead.dead_reason IS NOT NULL', [['1']]],
      ['SELECT count() > 0 FROM usage_events AS e LEFT JOIN usage_dead USING (partition)', [[1]]],
      [
        'SELECT count(DISTINCT team_id) FROM usage_events WHERE (log, partition) IN (SELECT log, partition FROM log_progress)',
        [['3']],
      ],
      ['SELECT sum(1) FILTER (WHERE 1), SUM(1), Count(*)', [['1', '1', '1']]],
      [
        'SELECT row_number() OVER (PARTITION BY 1 ORDER BY 1 ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)',
        [['1']],
      ],
      [
        "SELECT CASE type WHEN 'refusal' THEN 1 ELSE 2 END AS c FROM usage_events GROUP BY ALL ORDER BY ALL",
        [[1], [2]],
      ],
      ['SELECT * EXCEPT (epoch) FROM (SELECT 1 AS a, 2 AS epoch)', [[1]]],
      [
        "SELECT JSONExtractInt('{\"a\": 5}', 'a'), tags['feature'] FROM usage_events LIMIT 1",
        [['5', 'chat']],
      ],
    ];
    const answers: unknown[] = [];
    for (const [sql] of queries) answers.push([sql, await rowsOf(sql)]);
    expect(answers).toEqual(queries);
  });

  // From ClickHouse/ClickHouse#62582, #9715, #51678, #11222, #67038.
  it('takes what people paste, and says the way out of what the engine cannot do', async () => {
    const [[newest] = []] = await rowsOf('SELECT max(recorded_at) AS t FROM usage_events');
    const since = `SELECT count() > 0 FROM usage_events WHERE recorded_at >= '${newest}'`;
    const perToken = (divisor: string) => `SELECT sum(cost) / ${divisor} AS usd
      FROM usage_daily WHERE output_tokens = 0 GROUP BY model LIMIT 1`;
    const queries: [sql: string, answer: unknown][] = [
      [since, [[1]]],
      [`SELECT count() > 0 FROM usage_events WHERE '${newest}' <= recorded_at`, [[1]]],
      ["SELECT 1 WHERE toDateTime('2026-11-30T11:00:00+01:00') = '2026-11-30T10:00:00Z'", [[1]]],
      [
        `SELECT count() FROM usage_events
         WHERE time BETWEEN '2020-11-01' AND '2020-11-30T23:59:59.999Z'`,
        [['0']],
      ],
      ['SELECT 1;\n-- by day', [[1]]],
      ["SELECT ';' AS a /* ; */ ; /* ; */ -- ;", [[';']]],
      ['SELECT 1/0, 0/0, -1/0', [[null, null, null]]],
      [perToken('nullIf(sum(output_tokens), 0)'), [[null]]],
      ["SELECT sum(cost) AS usd FROM usage_daily WHERE day = '2020-01-01'", [['0.000000000000']]],
      ['SELECT count() > 0 FROM usage_events WHERE "time" > 0 AND `time` > 0', [[1]]],
      [
        'SELECT a.model, b.model FROM usage_daily a JOIN usage_daily b ON a.day = b.day LIMIT 1',
        [['sim-small', 'sim-small']],
      ],
      [
        `SELECT round(sum(cost), 4) AS cost FROM usage_daily
         WHERE cost > 0 AND customer_id = 'cus_nobody'`,
        [['0.000000000000']],
      ],
      ['SELECT sum(cost) AS cost, sum(cost) > 0 AS some FROM usage_daily LIMIT 0', []],
      [
        `SELECT type, sum(events) AS events, sum(events) / sum(events) AS one FROM usage_daily
         WHERE events > 0 AND type IN ('refusal', 'resolution') GROUP BY type
         HAVING events > 0 ORDER BY events DESC, type`,
        [
          ['resolution', '2', 1],
          ['refusal', '1', 1],
        ],
      ],
      ['SELECT sum(cost) AS cost FROM usage_daily GROUP BY round(sum(cost))', /write another name/],
      ['SELECT model, sum(cost) AS cost FROM usage_daily', /Group by it/],
      [`SELECT count() > 0 FROM usage_events WHERE recorded_at IN ('${newest}')`, [[1]]],
      [`SELECT count() > 0 FROM usage_events AS e WHERE e.time <= '${newest}'`, [[1]]],
      [`SELECT 1 FROM usage_events WHERE toStartOfDay(time) IN ('${newest}')`, /toDateTime64/],
      [`SELECT 1 FROM usage_daily WHERE day >= '${newest}'`, /a day with '2026/],
      [perToken('sum(output_tokens)'), /nullIf/],
      ['SELECT 1 FORMAT JSON', /Results are JSON/],
      ['select 1 from tollgate.usage_events final limit 1', [[1]]],
      [
        "SELECT toStartOfHour(time, 'Australia/Lord_Howe') > 0 AS h FROM usage_events GROUP BY h",
        [[1]],
      ],
      [
        'SELECT if(sum(output_tokens) = 0, NULL, sum(cost) / sum(output_tokens)) AS x FROM usage_daily WHERE output_tokens = 0 LIMIT 1',
        [[null]],
      ],
      ['SELECT 1; SELECT 2', /without a semicolon/],
    ];
    const wrong: unknown[] = [];
    for (const [sql, expected] of queries) {
      const { text } = await post({ sql });
      const { rows, detail } = JSON.parse(text);
      const right =
        expected instanceof RegExp
          ? expected.test(detail ?? '')
          : JSON.stringify(rows) === JSON.stringify(expected);
      if (!right) wrong.push([sql, text]);
    }
    expect(wrong).toEqual([]);
  });

  it('I10: refuses every attack with a reason, runs none of it, and the canary never shows', async () => {
    const queries = attacks(canaryPath);
    const before = readdirSync(folder);
    run.length = 0;
    const unexpected: string[] = [];
    for (const sql of queries) {
      const { text } = await post({ sql });
      const code = codeOf(text);
      const refused = ['sql_refused', 'sql_invalid', 'invalid_request'].includes(code);
      if (!refused || text.includes(CANARY)) unexpected.push(`${code}: ${sql.slice(0, 200)}`);
    }
    const [{ n }] = (await house.warehouse.query<{ n: string }>(
      'SELECT count() AS n FROM tollgate.raw_usage',
    )) as [{ n: string }];
    expect([unexpected, run, queries.length >= 40]).toEqual([[], [], true]);
    expect(Number(n)).toBe(usage().length);
    expect([readdirSync(folder), existsSync(`${canaryPath}.out`)]).toEqual([before, false]);
    expect(readFileSync(canaryPath, 'utf8')).toBe(`${CANARY}\n`);
  });

  it('says what was refused and what is allowed', async () => {
    const { status, text } = await post({ sql: `SELECT * FROM file('${canaryPath}')` });
    expect([status, JSON.parse(text)]).toMatchObject([
      422,
      {
        code: 'sql_refused',
        refused: 'The table function file',
        detail: expect.stringContaining(
          'The tables are usage_events, usage_quarter_hourly, usage_hourly',
        ),
      },
    ]);
  });

  it('no allowed function reads a file, and none takes the name of a function to call', async () => {
    const bounds = { rowsMax: 9, resultBytesMax: 1e6, secondsMax: 1, memoryBytesMax: 1e8 };
    // Past the fence, so that this is about the functions themselves.
    const reads = async (sql: string): Promise<boolean> => {
      const answer = house.warehouse.select(sql, { ...bounds, threadsMax: 1 });
      const text = await answer.then(
        ({ rows }) => JSON.stringify(rows),
        (error: Error) => error.message,
      );
      return text.includes(CANARY);
    };
    const byName: string[] = [];
    const leaks: string[] = [];
    for (const name of FUNCTION_NAMES) {
      if (await reads(`SELECT ${name}('${canaryPath}')`)) leaks.push(name);
      const sql = `SELECT ${name}(file, ['${canaryPath}'])`;
      if (!(await reads(sql))) continue;
      byName.push(name);
      if (codeOf((await post({ sql })).text) !== 'sql_refused') leaks.push(name);
    }
    expect([leaks, byName.includes('arrayMap')]).toEqual([[], true]);
  });

  it('says what helps about a failed query, by the code of the catalogue, and shows no path', async () => {
    const answers: unknown[] = [];
    for (const [, sql] of failures(canaryPath)) {
      const { text } = await post({ sql });
      const leak = text.includes(CANARY) || text.includes(folder);
      answers.push([codeOf(text), sql, leak]);
    }
    expect(answers).toEqual(failures(canaryPath).map(([code, sql]) => [code, sql, false]));
  });

  it('needs the admin token, and ignores an Idempotency-Key', async () => {
    const wrong = await post({ sql: 'SELECT 1' }, 'Bearer tgadm_wrong');
    const headers = {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': 'k',
    };
    const payload = JSON.stringify({ sql: 'SELECT count() FROM usage_dead' });
    const answer = await api.app.inject({ method: 'POST', url: '/v1/sql', headers, payload });
    const repeated = answer.headers['idempotent-replayed'];
    expect([wrong.status, answer.statusCode, repeated]).toEqual([401, 200, undefined]);
    const other = JSON.stringify({ sql: 'SELECT 2' });
    const again = await api.app.inject({ method: 'POST', url: '/v1/sql', headers, payload: other });
    expect(JSON.parse(again.body)).toMatchObject({ rows: [[2]] });
  });
});

describe('docs/sql.md', () => {
  const examples = [...DOCUMENT.matchAll(SQL_BLOCK)].map(([, title = '', sql = '']) => ({
    title,
    sql,
  }));

  it('has at least ten examples, and each finds rows in projected events', async () => {
    const empty: string[] = [];
    for (const { title, sql } of examples) {
      if ((await rowsOf(sql)).length === 0) empty.push(title);
    }
    expect([empty, examples.length >= 10]).toEqual([[], true]);
  });

  it('I5: its spend by customer is the sum of the events', async () => {
    const spend = examples.find(({ title }) => title.startsWith('Spend by customer'))?.sql ?? '';
    const byCustomer = await rowsOf(`SELECT customer_id, sum(usd) AS usd FROM (${spend})
      GROUP BY customer_id ORDER BY customer_id`);
    const direct = await rowsOf(`SELECT customer_id, sum(cost) AS usd FROM usage_events
      GROUP BY customer_id ORDER BY customer_id`);
    expect(byCustomer).toEqual(direct);
  });

  it('I6: what routes and the cache saved is what the same tokens cost elsewhere, less all attempts', async () => {
    const saved = examples.find(({ title }) => title.startsWith('What routes and'))?.sql ?? '';
    // Two answers at 2.5, 1.25 and 10 dollars per million tokens.
    const elsewhere = 2n * 3_501_250_000n;
    const paid = 2n * 210_075_000n + 500_000_000n + 7n + 3n;
    const usd = (pico: bigint) => `0.${String(pico).padStart(12, '0')}`;
    const rows = (await rowsOf(saved)).filter(([customer]) => customer === 'cus_routed');
    expect(rows).toEqual([
      [
        'cus_routed',
        usd(paid + 11n + 2n),
        usd(elsewhere - paid),
        usd(30n),
        usd(elsewhere + 11n + 2n + 30n),
      ],
    ]);
  });

  it('names every column of every public view with its type, and a meaning', async () => {
    const columns = await house.warehouse.query<{ table: string; name: string; type: string }>(
      `SELECT table, name, type FROM system.columns WHERE database = 'tollgate' ORDER BY position`,
    );
    const sectionOf = (view: string) =>
      DOCUMENT.split(`### ${view}\n`)[1]?.split('\n#', 1)[0] ?? '';
    const documented = PUBLIC_VIEWS.map((view) => {
      const [, twin = view] = /^The same columns as `(\w+)`/m.exec(sectionOf(view)) ?? [];
      const section = sectionOf(twin);
      const rows = [...section.matchAll(/^\| `(\w+)` \| `(.+?)` \| (.{5,}) \|$/gm)];
      return [view, rows.map(([, name, type]) => `${name} ${type}`)];
    });
    const real = PUBLIC_VIEWS.map((view) => [
      view,
      columns.filter(({ table }) => table === view).map(({ name, type }) => `${name} ${type}`),
    ]);
    expect(documented).toEqual(real);
  });
});
