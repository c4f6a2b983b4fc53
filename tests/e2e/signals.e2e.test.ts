/** Ctrl-C and SIGTERM, as terminals, service managers and npm send them. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { until } from './platform-house.ts';

type Pids = { supervisor: number; core: number; proxies: number[] };
type Running = {
  npm: ChildProcess;
  exited: Promise<unknown>;
  proxyUrl: string;
  pids: Pids;
  secret: string;
};

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let running: Running | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-signals-'));
});
afterEach(() => {
  for (const pid of processes()) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** Of what runs on the folder: every process of the product has it on its command line. */
function processes(): number[] {
  const lines = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return lines.filter((line) => line.includes(folder)).map((line) => Number.parseInt(line, 10));
}

/** As a shell does it: a process group of its own, which Ctrl-C goes to. */
async function npmStart(): Promise<Running> {
  const flags = ['--json', '--data', folder, '--proxy-port', '0', '--api-port', '0'];
  const { OPENAI_API_KEY: _, ...env } = process.env;
  const npm = spawn('npm', ['start', '--silent', '--', ...flags], {
    ...{ cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] },
  });
  const exited = once(npm, 'exit');
  if (npm.stdout === null) throw new Error('no output');
  const [line] = await once(createInterface({ input: npm.stdout }), 'line');
  const ready = JSON.parse(String(line)) as Record<'proxy_url' | 'api_url' | 'admin_token', string>;
  const { pids } = JSON.parse(String(line)) as { pids: Pids };
  const api = adminClient(ready.api_url, ready.admin_token);
  const { id } = await api.post<{ id: string }>('/v1/customers', { name: 'c' });
  const key = await api.post<{ secret: string }>('/v1/keys', { customer_id: id, name: 'k' });
  running = { npm, exited, proxyUrl: ready.proxy_url, pids, secret: key.secret };
  await until('the key works', async () => (await call({ max_tokens: 1 })).status === 200);
  return running;
}

function call(more: object): Promise<Response> {
  if (running === undefined) throw new Error('nothing runs');
  return fetch(`${running.proxyUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${running.secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      ...{ model: 'sim-small', messages: [{ role: 'user', content: 'Hi' }] },
      ...more,
    }),
  });
}

/** A stream whose first bytes have come. `rest` is what follows, or why it does not. */
async function openStream(seconds: number): Promise<{ rest: Promise<string> }> {
  const sim_output_tokens = String(20 * seconds);
  const metadata = { sim_output_tokens, sim_token_pace_ms: '50', sim_chunk_tokens: '2' };
  const { body } = await call({ stream: true, max_tokens: 100, metadata });
  if (body === null) throw new Error('no stream');
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  await reader.read();
  const read = async () => {
    let text = '';
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return text;
      text += value;
    }
  };
  return { rest: read().catch((error: Error) => `cut: ${error.message}`) };
}

it.each<[string, (running: Running) => [number, NodeJS.Signals]]>([
  ['Ctrl-C in a terminal', ({ npm }) => [-(npm.pid ?? 0), 'SIGINT']],
  ['SIGTERM to the process group', ({ npm }) => [-(npm.pid ?? 0), 'SIGTERM']],
  ['SIGTERM to npm', ({ npm }) => [npm.pid ?? 0, 'SIGTERM']],
])('%s: the running stream ends whole, and nothing runs on', async (_, target) => {
  const started = await npmStart();
  const { rest } = await openStream(2);
  const [pid, signal] = target(started);
  process.kill(pid, signal);
  expect(await rest).toMatch(/data: \[DONE\]\s*$/);
  await started.exited;
  await until('nothing runs on', async () => processes().length === 0);
});

it('SIGTERM to a proxy: its stream ends whole, and another proxy follows; to the supervisor: nothing runs on', async () => {
  const { pids, exited } = await npmStart();
  const { rest } = await openStream(2);
  process.kill(pids.proxies[0] as number, 'SIGTERM');
  expect(await rest).toMatch(/data: \[DONE\]\s*$/);
  await until('a call is served', async () => {
    const answer = await call({ max_tokens: 1 }).catch(() => null);
    return answer?.status === 200;
  });
  const last = await openStream(2);
  process.kill(pids.supervisor, 'SIGTERM');
  expect(await last.rest).toMatch(/data: \[DONE\]\s*$/);
  await exited;
  await until('nothing runs on', async () => processes().length === 0);
});

it.each<[string, (running: Running) => [number, NodeJS.Signals]]>([
  ['Ctrl-C in a terminal', ({ npm }) => [-(npm.pid ?? 0), 'SIGINT']],
  ['SIGTERM to the supervisor', ({ pids }) => [pids.supervisor, 'SIGTERM']],
])('%s, a second time: all ends at once', async (_, target) => {
  const started = await npmStart();
  const { rest } = await openStream(4);
  const [pid, signal] = target(started);
  process.kill(pid, signal);
  await sleep(1_000);
  const secondMs = performance.now();
  process.kill(pid, signal);
  await started.exited;
  await until('nothing runs on', async () => processes().length === 0);
  expect(performance.now() - secondMs).toBeLessThan(2_000);
  expect(await rest).not.toContain('[DONE]');
});
