/** What an operator sees of an installation with several proxies behind one port. */
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import {
  parseExposition,
  type ReadFamily,
  sumOf,
} from '@tollgate/adapters/metrics/testing/parse-exposition.ts';
import { accessLine } from '@tollgate/schemas/access-log/access-line.ts';
import { type Started, startPlatform } from '@tollgate/standalone/platform-process.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { until } from './platform-house.ts';

const CALLS = 30;

let folder: string;
let platform: Started;
let secret: string;
let budget: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-metrics-'));
  platform = await startPlatform({ data: folder, proxies: 2 });
  const api = adminClient(platform.apiUrl, platform.adminToken);
  const { id } = await api.post<{ id: string }>('/v1/customers', { name: 'c' });
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
    customer_id: id,
    name: 'k',
  });
  secret = key.secret;
  const scope = { type: 'key', id: key.id };
  budget = (await api.post<{ id: string }>('/v1/budgets', { scope, limit: '5' })).id;
});
afterAll(async () => {
  await platform.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** On a connection of its own, which may lead to either proxy. */
async function ask(url: string, path: string, body?: object): Promise<[number, string]> {
  const agent = new Agent({ keepAlive: false });
  const method = body === undefined ? 'GET' : 'POST';
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  const asked = request(url + path, { agent, method, headers });
  asked.end(body === undefined ? undefined : JSON.stringify(body));
  const [answer] = await once(asked, 'response');
  return [answer.statusCode, await text(answer)];
}

function call(more: object = {}): Promise<[number, string]> {
  return ask(platform.proxyUrl, '/v1/chat/completions', {
    ...{ model: 'sim-small', max_tokens: 9, messages: [{ role: 'user', content: 'Hi' }] },
    ...more,
  });
}

async function scrape(url = platform.proxyUrl): Promise<Map<string, ReadFamily>> {
  const [status, body] = await ask(url, '/metrics');
  expect(status).toBe(200);
  return parseExposition(body);
}

/** Every counter and every part of a histogram, by what identifies it. */
function countsOf(families: Map<string, ReadFamily>): Map<string, number> {
  const counted = [...families.values()].filter(({ type }) => type !== 'gauge');
  return new Map(
    counted.flatMap(({ samples }) =>
      samples.map(({ name, labels, value }) => [`${name}${JSON.stringify(labels)}`, value]),
    ),
  );
}

const attemptsIn = (families: Map<string, ReadFamily>) =>
  sumOf(families, 'tollgate_attempts_total', { provider: 'simulator', model: 'sim-small' });

it('every scrape is of all processes, whichever of them answers it', async () => {
  await until('the key works', async () => (await call()).at(0) === 200);
  const before = attemptsIn(await scrape());
  const streamed = Array.from({ length: CALLS / 2 }, () => call({ stream: true }));
  const plain = Array.from({ length: CALLS / 2 }, () => call());
  const answers = await Promise.all([...streamed, ...plain]);
  expect(answers.map(([status]) => status)).toEqual(new Array(CALLS).fill(200));
  for (const url of [platform.proxyUrl, platform.apiUrl, ...new Array(6).fill(platform.proxyUrl)]) {
    const read = await scrape(url);
    expect(attemptsIn(read) - before).toBe(CALLS);
    expect(sumOf(read, 'tollgate_process_up')).toBe(3);
    const processes = read.get('process_cpu_seconds_total')?.samples ?? [];
    expect(processes.map(({ labels }) => labels['process'])).toEqual([
      ...['supervisor', 'core', 'proxy-1', 'proxy-2'],
    ]);
  }
});

it('it says what calls cost, how long they took, and what is left of a budget', async () => {
  const read = await scrape();
  const duration = 'gen_ai_client_operation_duration_seconds';
  const first = 'gen_ai_server_time_to_first_token_seconds';
  const kind = { gen_ai_token_type: 'output' };
  expect(sumOf(read, 'tollgate_cost_usd_total')).toBeGreaterThan(0);
  expect(sumOf(read, 'gen_ai_client_token_usage_total', kind)).toBeGreaterThanOrEqual(CALLS);
  expect(sumOf(read, duration, {}, `${duration}_count`)).toBe(attemptsIn(read));
  expect(sumOf(read, first, {}, `${first}_count`)).toBe(CALLS / 2);
  expect(sumOf(read, 'tollgate_upstream_responses_total', { http_status: '200' })).toBe(
    attemptsIn(read),
  );
  const bounds = (read.get(duration)?.samples ?? []).map(({ labels }) => labels['le']);
  expect(bounds).toContain('600');
  await until('the budget is seen to be used', async () => {
    const left = sumOf(await scrape(), 'tollgate_budget_remaining', { budget });
    return left > 0 && left < 5;
  });
  const silent = [...read].filter(([, { help }]) => !/^[A-Z1].*\.$/.test(help));
  expect(silent).toEqual([]);
});

it('no count goes back when a proxy is killed, and its restart is noted', async () => {
  let last = countsOf(await scrape());
  const attempts = attemptsIn(await scrape());
  const [killed = 0] = platform.proxyPids();
  process.kill(killed, 'SIGKILL');
  const fell: string[] = [];
  await until('it was started again', async () => {
    // The kernel may give a connection to the process that has just died.
    const read = await scrape().catch(() => null);
    if (read === null) return false;
    const now = countsOf(read);
    for (const [sample, value] of last) if (!((now.get(sample) ?? -1) >= value)) fell.push(sample);
    last = now;
    const restarts = sumOf(read, 'tollgate_process_restarts_total', { process: 'proxy-1' });
    return restarts === 1 && sumOf(read, 'tollgate_process_up') === 3;
  });
  expect(fell).toEqual([]);
  await until('the new one knows the key', async () => (await call()).at(0) === 200);
  const after = Array.from({ length: 10 }, () => call());
  await Promise.all(after);
  expect(attemptsIn(await scrape()) - attempts).toBeGreaterThanOrEqual(11);
  const lines = readFileSync(join(folder, 'run', 'proxy-1.log'), 'utf8')
    .trim()
    .split('\n');
  const restart = lines.map((line) => JSON.parse(line)).find(({ name }) => name === 'supervisor');
  expect(restart).toMatchObject({
    ...{ level: 'warn', process: 'proxy-1', pid: killed, exit_code: null, signal: 'SIGKILL' },
    message: 'a process ended, and is started again',
  });
});

it('every line of every log is JSON, and calls have one line each, by the schema', async () => {
  await call({ model: 'nobody-serves-this' });
  const access = () => readFileSync(join(folder, 'run', 'access.log'), 'utf8').split('\n');
  await until('the last line is written', async () =>
    access().some((line) => line.includes('nobody-serves-this')),
  );
  const run = join(folder, 'run');
  const logs = readdirSync(run).filter((name) => name.endsWith('.log') && name !== 'access.log');
  expect(logs.sort()).toEqual(['core.log', 'proxy-1.log', 'proxy-2.log']);
  const raw = logs.flatMap((name) => {
    const lines = readFileSync(join(run, name), 'utf8').split('\n');
    return lines.filter((line) => line !== '' && !line.startsWith('{"time":'));
  });
  expect(raw).toEqual([]);
  const calls = access().flatMap((line) =>
    line === '' ? [] : [accessLine.parse(JSON.parse(line))],
  );
  expect(new Set(calls.map(({ call_id }) => call_id)).size).toBe(calls.length);
  expect(calls.filter(({ status }) => status === 'ok').length).toBeGreaterThanOrEqual(CALLS);
  // Two proxies write: the last line need not be of the last call.
  const refused = calls.find(({ model }) => model === 'nobody-serves-this');
  expect(refused).toMatchObject({ status: 'refused', error_type: 'model_not_found' });
  expect(JSON.stringify(calls)).not.toContain(secret);
});
