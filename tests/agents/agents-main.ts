/**
 * `npm run test:agents`: installs the coding agents that the registries serve into a scratch folder, gives
 * each a task, and compares what it used with the simulator's bill.
 */
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { BillLine } from '@tollgate/simulator/bill/bill-line.ts';
import { openClientHouse } from '../clients/house.ts';
import { type Agent, agents, type Installed } from './agents.ts';

const { values } = parseArgs({
  options: {
    /** A folder that has them already, or gets them and keeps them. */
    folder: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});
const INSTALL_TIMEOUT_MS = 900_000;
const RUN_TIMEOUT_MS = 180_000;
const NPM = ['@openai/codex@0.171.0', 'opencode-ai@1.18.33', '@google/gemini-cli@0.61.0'];
const PYTHON = 'aider-chat';

const scratch = values.folder ?? mkdtempSync(join(tmpdir(), 'tollgate-agents-'));

function must(command: string, args: readonly string[], cwd: string): void {
  const options = { cwd, timeout: INSTALL_TIMEOUT_MS, encoding: 'utf8' as const };
  const { status, stderr } = spawnSync(command, args, options);
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr?.slice(-500)}`);
}

function install(): Installed {
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(scratch, 'package.json'), '{"private":true}');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--omit=dev', '--no-save'];
  must('npm', ['install', ...quiet, ...NPM], scratch);
  const python = join(scratch, 'aider');
  must('python3', ['-m', 'venv', python], scratch);
  const pip = ['install', '--quiet', '--disable-pip-version-check', PYTHON];
  must(join(python, 'bin', 'pip'), pip, scratch);
  return { modules: join(scratch, 'node_modules'), python };
}

/** Only what it must have: a home of its own, and nothing of the one who runs this. */
function environment(home: string): Record<string, string> {
  const { PATH = '' } = process.env;
  return {
    PATH,
    HOME: home,
    TERM: 'dumb',
    NO_COLOR: '1',
    DO_NOT_TRACK: '1',
    NO_UPDATE_NOTIFIER: '1',
  };
}

async function play(agent: Agent, installed: Installed): Promise<boolean> {
  const home = mkdtempSync(join(scratch, 'home-'));
  const work = join(home, 'work');
  mkdirSync(work);
  must('git', ['init', '--quiet', work], scratch);
  const house = await openClientHouse();
  try {
    const [tool = '', ...told] = agent.version(installed);
    const seen = spawnSync(tool, told, { env: environment(home), encoding: 'utf8', cwd: work });
    agent.prepare(house.gate, home, work);
    const { command, env } = agent.run(house.gate, home, installed);
    const [file = '', ...args] = command;
    const options = { cwd: work, env: { ...environment(home), ...env } };
    const said = await outputOf(file, args, options);
    const answer = await fetch(`${house.gate.providerUrl}/sim/bill`);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '');
    const calls = lines.map((line) => JSON.parse(line) as BillLine);
    const own = calls.filter(({ endpoint }) => agent.endpoint.test(endpoint));
    const { billed, events, unknown } = await house.figures();
    const isGood = own.length >= agent.callsMin && billed === events && unknown === 0;
    const version = seen.stdout.trim().split('\n').at(-1);
    console.log(
      `${isGood ? 'ok  ' : 'FAIL'} ${agent.name}, ${version}: ${calls.length} calls, ` +
        `billed ${billed}, events ${events}, ${unknown} unknown`,
    );
    if (!isGood) console.log(said.slice(-2_000));
    return isGood;
  } finally {
    await house.close();
    rmSync(home, { recursive: true, force: true });
  }
}

function outputOf(
  file: string,
  args: readonly string[],
  options: { cwd: string; env: Record<string, string> },
): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), RUN_TIMEOUT_MS);
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (bytes) => {
        text += bytes;
      });
    }
    child.once('error', (error) => {
      text += error.message;
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve(`${text}\nexit ${code}`);
    });
  });
}

const installed = install();
const chosen = agents.filter(({ name }) => name.includes(values.only));
let passed = 0;
for (const agent of chosen) if (await play(agent, installed)) passed++;
if (values.folder === undefined) rmSync(scratch, { recursive: true, force: true });
console.log(`${passed} passed, ${chosen.length - passed} failed, 0 skipped`);
process.exit(passed === chosen.length && passed > 0 ? 0 : 1);
