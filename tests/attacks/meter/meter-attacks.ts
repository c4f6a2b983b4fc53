/** Attacks on what says that all is well, on what is stored, and on what is installed (5, 6, 7, 10). */
import { globSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  type LockedPackage,
  type Lockfile,
  supplyChainFindings,
} from '../../house/supply-chain.ts';
import type { Attack } from '../attack.ts';
import { CHAT } from '../http/raw-attack.ts';
import { exchange, head, post } from '../wire.ts';

const READY = '/readyz';

async function ready(url: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(url + READY);
  return { status: answer.status, text: await answer.text() };
}

function flooded(side: 'proxyUrl' | 'apiUrl', path: string): Attack {
  return {
    name: `${side === 'apiUrl' ? 'api' : 'proxy'}: 1,000 questions to ${path}`,
    ...{ item: 5, sent: 'GET without a key, 50 at a time', expected: ['1000 × 200'] },
    async run({ platform }) {
      let ok = 0;
      for (let n = 0; n < 1_000; n += 50) {
        const all = Array.from({ length: 50 }, () => fetch(platform[side] + path));
        for (const answer of await Promise.all(all)) {
          await answer.arrayBuffer();
          if (answer.status === 200) ok += 1;
        }
      }
      return `${ok} × 200`;
    },
  };
}

/** One tenant's calls to a provider that is ill must not take the proxy from the others. */
const oneIllProvider: Attack = {
  name: 'proxy: a provider of one model that always fails',
  ...{ item: 5, sent: '12 calls to it, then /readyz', expected: ['200 ready'] },
  async run({ platform, caller }) {
    const body = JSON.stringify({
      ...{ model: 'evil-reset', max_tokens: 1, messages: [{ role: 'user', content: 'hi' }] },
    });
    for (let n = 0; n < 12; n++) {
      await exchange(platform.proxyUrl, [post(CHAT, caller.secret, body)]);
    }
    const { status, text } = await ready(platform.proxyUrl);
    return `${status} ${(JSON.parse(text) as { status: string }).status}`;
  },
};

const health: readonly Attack[] = [
  flooded('apiUrl', READY),
  flooded('proxyUrl', READY),
  flooded('apiUrl', '/metrics'),
  flooded('proxyUrl', '/metrics'),
  oneIllProvider,
];

/** Files and folders that another user of the host could read. */
const privateFiles: Attack = {
  name: 'a neighbour looks into the data folder',
  ...{ item: 6, sent: 'the mode of every file', expected: ['nothing is open'] },
  run({ data }) {
    const all = [
      data,
      ...readdirSync(data, { recursive: true }).map((name) => join(data, String(name))),
    ];
    const open = all.filter((path) => {
      const found = statSync(path, { throwIfNoEntry: false });
      return found !== undefined && (found.mode & 0o077) !== 0;
    });
    // The folder itself is closed, so what the engine writes below it is out of reach.
    const isOut = (path: string) => path === data || !path.startsWith(join(data, 'warehouse'));
    const bad = open.filter(isOut);
    return Promise.resolve(
      bad.length === 0 ? 'nothing is open' : `open: ${bad.slice(0, 3).join(', ')}`,
    );
  },
};

function environmentOf(pid: number | null): string {
  return pid === null ? '' : readFileSync(`/proc/${pid}/environ`, 'utf8');
}

/** Each child has the secrets that it uses, and no other. */
const leastRights: Attack = {
  name: 'a child is asked for its environment',
  ...{
    item: 6,
    sent: '/proc/…/environ of each child',
    expected: ['proxy has them, core has none'],
  },
  run({ data }) {
    const state = JSON.parse(readFileSync(join(data, 'run', 'state.json'), 'utf8')) as {
      core: number | null;
      proxies: (number | null)[];
    };
    const has = (pid: number | null) => /sk-(hostile|simulator)/.test(environmentOf(pid));
    const proxy = has(state.proxies[0] ?? null) ? 'has them' : 'has none';
    return Promise.resolve(`proxy ${proxy}, core ${has(state.core) ? 'has them' : 'has none'}`);
  },
};

function logBytes(data: string): number {
  return globSync(join(data, 'run', '*.log*')).reduce((sum, path) => sum + statSync(path).size, 0);
}

/** What nobody paid for must not fill the disk. */
const LOG_GROWTH_BYTES_MAX = 64 * 1024;

const logGrowth: Attack = {
  name: '2,000 requests without a key, each with a key in its path',
  ...{
    item: 6,
    sent: 'GET /v1/<key>?key=<key>',
    expected: ['404 unknown_endpoint, logs stay small'],
  },
  async run(house) {
    const { proxyUrl } = house.platform;
    const before = logBytes(house.data);
    const { secret } = house.honest;
    const text = head(`GET /v1/${secret}?key=${secret} HTTP/1.1`, 'host: 127.0.0.1');
    let last = '';
    for (let n = 0; n < 2_000; n += 50) {
      const all = Array.from({ length: 50 }, () => exchange(proxyUrl, [text]));
      last = (await Promise.all(all)).at(-1)?.outcome ?? '';
    }
    const grown = logBytes(house.data) - before;
    return `${last}, logs ${grown <= LOG_GROWTH_BYTES_MAX ? 'stay small' : `grew by ${grown} bytes`}`;
  },
};

/** Searches what was logged so far: attacks have put keys wherever a request can hold one. */
const keysInLogs: Attack = {
  name: 'every log file is searched for keys',
  ...{ item: 6, sent: 'all secrets of the installation', expected: ['not one of them'] },
  run(house) {
    const secrets = house.secrets();
    const found = globSync(join(house.data, 'run', '*.log*')).filter((path) => {
      const text = readFileSync(path, 'utf8');
      return secrets.some((secret) => text.includes(secret));
    });
    return Promise.resolve(found.length === 0 ? 'not one of them' : `in ${found.join(', ')}`);
  },
};

export const keysInPaths: readonly Attack[] = [privateFiles, leastRights, logGrowth, keysInLogs];

const lockfile = new URL('../../../package-lock.json', import.meta.url);

function tampered(name: string, change: (entry: LockedPackage) => LockedPackage): Attack {
  return {
    name: `a lockfile in which a package ${name}`,
    ...{ item: 10, sent: 'one package changed', expected: ['refused by name'] },
    run() {
      const locked = JSON.parse(readFileSync(lockfile, 'utf8')) as Lockfile;
      const path = 'node_modules/fastify';
      const entry = locked.packages[path];
      if (entry === undefined) throw new Error(`${path} is not in the lockfile`);
      const packages = { ...locked.packages, [path]: change(entry) };
      const findings = supplyChainFindings({ packages });
      const isNamed = findings.length === 1 && findings[0]?.startsWith(`${path}:`) === true;
      return Promise.resolve(isNamed ? 'refused by name' : `findings: ${findings.join('; ')}`);
    },
  };
}

const supplyChain: readonly Attack[] = [
  tampered('has no hash', ({ integrity: _, ...entry }) => entry),
  tampered('has a weak hash', (entry) => ({
    ...entry,
    integrity: 'sha1-2jmj7l5rSw0yVb/vlWAYkK/YBwk=',
  })),
  tampered('comes from elsewhere', (entry) => ({ ...entry, resolved: 'http://127.0.0.1/p.tgz' })),
  tampered('may not be handed on', (entry) => ({ ...entry, license: 'AGPL-3.0' })),
];

type Period = { id: string; status: string };

/** What a list of prices may ask for a million tokens at most, USD, and what one event may count. */
const PRICE = '999999999';
const TOKENS = 1_000_000_000;

/** More than any invoice can state: refused by name, and nobody else is held up. */
function unbillable(name: string, markupPpm: number, count: number): Attack {
  return {
    name: `api: ${name}`,
    ...{ item: 7, sent: `${count} events and a close` },
    expected: ['422 amount_too_large, not retryable, still open'],
    async run({ api, platform }) {
      const provider = `vast-${count}`;
      await api.post('/v1/price_books', { provider, models: [{ model: 'm', input: PRICE }] });
      const customer = { name: provider, markup_ppm: markupPpm };
      const { id: subject } = await api.post<{ id: string }>('/v1/customers', customer);
      const time = new Date().toISOString();
      const event = {
        ...{ specversion: '1.0', source: 'attack', type: 'usage', subject, time },
        data: { provider, model: 'm', input_tokens: TOKENS },
      };
      const events = Array.from({ length: count }, (_, n) => ({
        ...event,
        id: `${provider}-${n}`,
      }));
      await api.post('/v1/events', events);
      const path = `/v1/periods?customer_id=${subject}`;
      const [period] = (await api.get<{ data: Period[] }>(path)).data;
      const answer = await fetch(`${platform.apiUrl}/v1/periods/${period?.id}/close`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${platform.adminToken}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ at: new Date().toISOString(), grace_seconds: 0 }),
      });
      const { code, retryable } = (await answer.json()) as { code?: string; retryable?: boolean };
      const [after] = (await api.get<{ data: Period[] }>(path)).data;
      const again = retryable === false ? 'not retryable' : 'retryable';
      return `${answer.status} ${code}, ${again}, still ${after?.status}`;
    },
  };
}

const billing: readonly Attack[] = [
  unbillable('a vast amount', 0, 100),
  unbillable('a vast mark-up', 100_000_000, 1),
];

export const onTheMeter: readonly Attack[] = [...health, ...billing, ...supplyChain];
