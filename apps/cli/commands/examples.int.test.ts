/**
 * Every example of every help text works as it is written: against a real billing API, real stores and a
 * folder as it is after a start. Only the ids in it are those of what is there.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataFolder } from '@tollgate/adapters/config/data-folder.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { attempt } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Command, Example } from '../command.ts';
import { commands } from '../commands.ts';
import { type CliHouse, openCliHouse } from '../testing/cli-house.ts';
import { runInProcess, wordsOf } from '../testing/run-in-process.ts';
import { creditNote } from './fixtures/answers.ts';

type Case = [line: string, command: Command, example: Example];

/** Those that open the stores of a data folder, which the billing API of the other cases has open. */
const ON_STORES = new Set(['audit', 'rebuild', 'backup']);
/** Those that need somebody's files: tests of their own type such lines. */
const ON_FILES = new Set(['reconcile', 'import']);
const typedHere = commands.filter(({ name }) => !ON_FILES.has(name));
const cases = typedHere.flatMap((command) =>
  command.examples.map((example): Case => [example.line, command, example]),
);

const CALL_IN_EXAMPLES = '019b0000-0000-7000-8000-000000000001';
const EXPLANATION = {
  ...{ object: 'route_explanation', route: 'smart', version: 1, rule: null, strategy: 'cheapest' },
  ...{ order: ['openai/gpt-4o'], holds: [], refused: null, complexity: null, shadow: null },
  candidates: [],
};

let folder: string;
let before: string;

/** A folder with a configuration, a token and a data folder, as people have it. */
function enterFolder(): void {
  before = process.cwd();
  folder = mkdtempSync(join(tmpdir(), 'tollgate-examples-'));
  process.chdir(folder);
  const provider = '{ base_url: "https://api.openai.com/v1", api_key: { env: OPENAI_API_KEY } }';
  writeFileSync('tollgate.yaml', `providers: { openai: ${provider} }\n`);
  mkdirSync('.tollgate', { mode: 0o700 });
}

function leaveFolder(): void {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
}

describe('examples that talk to the billing API, or to nobody', () => {
  let house: CliHouse;
  let callId: string;
  let stopProjector: () => Promise<void>;
  const programs: (readonly string[])[] = [];

  beforeAll(async () => {
    enterFolder();
    const { newAdminToken } = openSecrets(dataFolder('.tollgate').secrets);
    writeFileSync('admin-token', `${newAdminToken}\n`, { mode: 0o600 });
    house = await openCliHouse({
      others: (url) => {
        if (url.hostname === 'api.openai.com') return Response.json({ data: [{}] });
        // No seller is configured here, so no invoice has a document.
        if (url.pathname.endsWith('/document.pdf')) return new Response('%PDF-1.7');
        // Its period had no usage: nothing of it could be credited.
        if (url.pathname.endsWith('/credit_notes')) return creditAnswer(url);
        return url.pathname === '/v1/routes/explain' ? Response.json(EXPLANATION) : undefined;
      },
    });
    await house.api.post('/v1/customers', { name: 'Acme', external_id: 'acme' });
    const call = attempt({ customer_id: 'acme', cost: '1.000000000000' });
    callId = call.call_id ?? '';
    await house.api.stores.append([call]);
    const projector = await house.api.stores.start('p1');
    await projector.caughtUp();
    stopProjector = () => projector.stop();
    await typed('tollgate profiles set local --url http://127.0.0.1:8788');
  });
  afterAll(async () => {
    await stopProjector();
    await house.close();
    leaveFolder();
  });

  const typed = (line: string, environment = {}) =>
    house.run(wordsOf(line).slice(1), {
      environment: { OPENAI_API_KEY: 'sk-x', TOLLGATE_KEY: 'tg_x', ...environment },
      runProgram: async (args) => {
        programs.push(args);
        return 0;
      },
    });
  const made = async (line: string) => (await typed(line)).out.trim();
  const idOf = async (path: string, body: object) =>
    (await house.api.post<{ id: string }>(path, body)).json.id;

  /** What each kind of placeholder is replaced by: made for this example alone. */
  const things: Readonly<Record<string, () => Promise<string>>> = {
    key_1: () => idOf('/v1/keys', { customer_id: 'acme', name: 'k' }),
    bud_1: () => made('tollgate budgets create $5 --customer acme'),
    bud_2: () => made('tollgate budgets create $5 --customer acme --window total'),
    rtl_1: () => made('tollgate limits create 10 requests --customer acme'),
    cus_1: () => idOf('/v1/customers', { name: 'Other' }),
    per_1: openPeriod,
    inv_1: async () => {
      await typed(`tollgate periods close ${await openPeriod()} --at now`);
      return JSON.parse(await made('tollgate invoices list --most 1 --json')).id;
    },
  };
  async function openPeriod(): Promise<string> {
    const customer_id = await idOf('/v1/customers', { name: 'Leaving' });
    return await made(`tollgate periods open ${customer_id}`);
  }

  /** What has to be there before. */
  const first: Readonly<Record<string, (line: string) => Promise<unknown>>> = {
    'keys resume': (line) => typed(line.replace(' resume ', ' suspend ')),
    'admin-token remove': () => typed('tollgate admin-token add ci'),
    'profiles use': () => typed('tollgate profiles set local --url http://127.0.0.1:8788'),
    'profiles remove': () => typed('tollgate profiles set local --url http://127.0.0.1:8788'),
  };
  /** It says what is wrong with this machine, too. */
  const alsoOne = new Set(['doctor']);

  it.each(cases.filter(([, { name }]) => !ON_STORES.has(name)))(
    '%s',
    async (_line, command, example) => {
      let line = example.line.replace(CALL_IN_EXAMPLES, callId);
      for (const [name, make] of Object.entries(things)) {
        if (new RegExp(`\\b${name}\\b`).test(line)) line = line.replace(name, await make());
      }
      await first[command.name]?.(line);
      const { code, out, err } = await typed(line);
      expect([line, code, err]).toEqual([
        line,
        alsoOne.has(command.name) ? expect.toBeOneOf([0, 1]) : 0,
        err,
      ]);
      if (line.includes('--json') && out !== '') {
        for (const text of out.trimEnd().split('\n')) expect(JSON.parse(text)).toBeTypeOf('object');
      }
    },
  );

  it('start and demo run their own programs, with the options that were stated', () => {
    const shown = programs.map(([file, ...args]) => [file?.replace(/.*\/apps\//, ''), ...args]);
    expect(shown).toEqual([
      ['standalone/main.ts'],
      ['standalone/main.ts', '--json', '--proxies', '4'],
      ['standalone/demo/main.ts'],
      ['standalone/demo/main.ts', '--scenario', 'stampede'],
    ]);
  });
});

function creditAnswer({ pathname }: URL): Response | undefined {
  return pathname === '/v1/credit_notes' ? undefined : Response.json(creditNote);
}

describe('examples that open the stores of a data folder', () => {
  beforeAll(async () => {
    enterFolder();
    await (await openSqliteLedger({ path: dataFolder('.tollgate').ledger })).close();
  });
  afterAll(leaveFolder);

  // What an audit and a rebuild do is in tests/e2e (audit, backup): to make the tables of a warehouse for each
  // example takes half a minute. Here they come as far as to the log, which is not there.
  it.each(cases.filter(([, { name }]) => ON_STORES.has(name)))('%s', async (line, { name }) => {
    const words = wordsOf(line.replace('/var/lib/tollgate', '.tollgate')).slice(1);
    const { code, err } = await runInProcess(words, { environment: { HOME: folder } });
    const expected = name === 'backup' ? [0, /1 files are in/] : [2, /\.tollgate holds no data/];
    expect([code, err]).toEqual([expected[0], expect.stringMatching(expected[1] as RegExp)]);
  });
});
