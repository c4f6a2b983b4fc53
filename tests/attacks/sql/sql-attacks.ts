/** Queries of an admin who means harm (item 4): each is refused, or ends at its limits, and shows nothing. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { attacks } from '@tollgate/billing-api/routes/sql/testing/attacks.ts';
import {
  bareNameAttacks,
  HIDDEN_CLAUSES,
  NILADIC_ATTACKS,
  OTHER_ZONES,
  zoneAttacks,
} from '@tollgate/billing-api/routes/sql/testing/by-name-attacks.ts';
import { makePipe, readersDuring } from '@tollgate/billing-api/routes/sql/testing/watched-pipe.ts';
import type { Attack } from '../attack.ts';
import { shown } from '../http/raw-attack.ts';
import type { AttackedHouse } from '../product/attacked-house.ts';
import { FUNCTIONS, SYSTEM_TABLES, TABLE_FUNCTIONS, TABLES_OF_OURS } from './names.ts';
import { starvingQueries } from './starving.ts';

const CANARY = `canary-of-the-attacks-${process.pid}`;
/** A query has 10 s, its process 2 more; the rest is for a machine that is busy, ms. */
const ENDS_WITHIN_MS = 40_000;

const REFUSED = ['422 sql_refused'];
/** Also what no engine would take for a query. */
const REFUSED_OR_NONE = [...REFUSED, '422 sql_invalid', '400 invalid_request'];
const ENDED = ['422 sql_limit_exceeded', '200'];

export type Bait = { file: string; pipe: string };

/** A file that the engine could read, and a pipe on which an engine that opens it waits. */
export function layBait(folder: string): Bait {
  const bait = { file: join(folder, 'canary.txt'), pipe: join(folder, 'pipe') };
  writeFileSync(bait.file, `${CANARY}\n`);
  makePipe(bait.pipe);
  return bait;
}

/** @returns status and code, and what it should not have done or shown */
async function askSql(house: AttackedHouse, body: object, pipe: string): Promise<string> {
  const startedAtMs = performance.now();
  let said = '';
  const readers = await readersDuring(pipe, async () => {
    const answer = await fetch(`${house.platform.apiUrl}/v1/sql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${house.platform.adminToken}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify(body),
    });
    const text = await answer.text();
    const code = /"code":"(\w+)"/.exec(text)?.[1];
    said = code === undefined ? String(answer.status) : `${answer.status} ${code}`;
    if (text.includes(CANARY)) said += ' AND SHOWS A FILE';
    said += shown(house, text);
  });
  if (readers > 0) said += ' AND OPENED A PIPE';
  if (performance.now() - startedAtMs > ENDS_WITHIN_MS) said += ' AND TOOK TOO LONG';
  return said;
}

export function sqlAttacks(bait: Bait): Attack[] {
  const ask =
    (kind: string, expected: readonly string[]) =>
    (sql: string, index: number): Attack => ({
      ...{ name: `sql, ${kind} ${index + 1}`, item: 4, sent: oneLine(sql), expected },
      run: (house) => askSql(house, { sql }, bait.pipe),
    });
  const canary = `'${bait.file}'`;
  return [
    ...attacks(bait.file).map(ask('file or clause', REFUSED_OR_NONE)),
    ...bareNameAttacks(bait.pipe).map(ask('bare name', REFUSED)),
    ...zoneAttacks(bait.pipe).map(ask('time zone', REFUSED)),
    ...OTHER_ZONES.map(ask('time zone of no list', REFUSED)),
    ...NILADIC_ATTACKS.map(ask('call without parentheses', REFUSED)),
    ...HIDDEN_CLAUSES.map(ask('clause behind a comment', REFUSED)),
    ...FUNCTIONS.flatMap((name) => callsOf(name, canary)).map(ask('function', REFUSED)),
    ...TABLE_FUNCTIONS.map((name) => `SELECT * FROM ${name}(${canary})`).map(
      ask('table function', REFUSED_OR_NONE),
    ),
    ...[...SYSTEM_TABLES, ...TABLES_OF_OURS]
      .flatMap((table) => [`SELECT * FROM ${table}`, `SELECT 1 IN ${table}`])
      .map(ask('table', REFUSED)),
    ...pipes(bait.pipe).map(ask('pipe', REFUSED_OR_NONE)),
    ...starvingQueries().map(ask('starving', ENDED)),
    ...requests(bait),
  ];
}

/** In the open, in a lambda, in a subquery behind a name, and where nobody looks. */
const callsOf = (name: string, canary: string): string[] => [
  `SELECT ${name}(${canary})`,
  `SELECT arrayMap(x -> ${name}(x), [${canary}])`,
  `WITH a AS (SELECT ${name}(1) AS x) SELECT x FROM a`,
  `SELECT id FROM usage_events ORDER BY if(${name}() = '', 1, 2) LIMIT 1`,
];

const pipes = (path: string): string[] => [
  `SELECT file('${path}')`,
  `SELECT * FROM file('${path}', 'LineAsString')`,
  `SELECT arrayMap(file, ['${path}'])`,
  `SELECT * FROM '${path}'`,
  `SELECT 1 INTO OUTFILE '${path}'`,
  `SELECT toDateTime(0, 'file:${path}')`,
  `SELECT count() FROM usage_events WHERE id IN file('${path}')`,
];

type Asked = readonly [name: string, body: object, expected: string];

/** What is no question at all, or too much of one. */
function requests({ pipe }: Bait): Attack[] {
  const bad = '400 invalid_request';
  const asked: Asked[] = [
    ['nothing', {}, bad],
    ['an empty text', { sql: '' }, bad],
    ['a list', { sql: ['SELECT 1'] }, bad],
    ['a null', { sql: null }, bad],
    ['16,385 characters', { sql: `SELECT 1${' '.repeat(16_377)}` }, bad],
    ['no rows', { sql: 'SELECT 1', max_rows: 0 }, bad],
    ['a billion rows', { sql: 'SELECT 1', max_rows: 1e9 }, bad],
    ['a fraction of a row', { sql: 'SELECT 1', max_rows: 0.5 }, bad],
    ['its own limits', { sql: 'SELECT 1', settings: { max_execution_time: 0 } }, bad],
    ['another database', { sql: 'SELECT 1', database: 'system' }, bad],
    ['a format', { sql: 'SELECT 1', format: 'CSV' }, bad],
  ];
  const one = asked.map(
    ([name, body, expected]): Attack => ({
      ...{ name: `sql, request with ${name}`, item: 4, sent: oneLine(JSON.stringify(body)) },
      ...{ expected: [expected], run: (house) => askSql(house, body, pipe) },
    }),
  );
  return [...one, crowd(pipe)];
}

/** Twelve at once where two run and eight wait; the API serves others meanwhile. */
function crowd(pipe: string): Attack {
  const sql = starvingQueries()[0] ?? '';
  return {
    ...{ name: 'sql, twelve starving queries at once', item: 4, sent: oneLine(sql) },
    expected: ['some busy, the others end, and the API serves'],
    async run(house) {
      const { apiUrl, adminToken } = house.platform;
      const all = Promise.all(Array.from({ length: 12 }, () => askSql(house, { sql }, pipe)));
      const headers = { authorization: `Bearer ${adminToken}` };
      const { status } = await fetch(`${apiUrl}/v1/customers`, { headers });
      // Those at the end of the queue wait for four others.
      const answers = (await all).map((answer) => answer.replace(' AND TOOK TOO LONG', ''));
      const odd = answers.find((answer) => ![...ENDED, '503 sql_busy'].includes(answer));
      if (odd !== undefined) return odd;
      const busy = answers.includes('503 sql_busy') ? 'some busy' : 'none busy';
      return `${busy}, the others end, and the API ${status === 200 ? 'serves' : `says ${status}`}`;
    },
  };
}

function oneLine(sql: string): string {
  const line = sql.replaceAll(/\s+/g, ' ');
  return line.length > 100 ? `${line.slice(0, 99)}…` : line;
}
