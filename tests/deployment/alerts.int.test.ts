/** Alert rules and dashboard, by Prometheus' own linter and parser. */
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import {
  alertExpressions,
  labelsIn,
  metricsIn,
  panelExpressions,
  RULES,
  readDashboard,
} from './metric-names.ts';

/** A download of some 25 MB, once on a machine. */
const FETCH_TIMEOUT_MS = 120_000;
const KEPT = fileURLToPath(new URL('../../.cache/promtool', import.meta.url));

describe('the dashboard', () => {
  it('has panels, each with a place, a number and a word of its own', () => {
    const { panels } = readDashboard();
    const shown = panels.filter(({ type }) => type !== 'row');
    expect(shown.length).toBeGreaterThan(20);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ title }) => title)).size).toBe(panels.length);
    expect(shown.filter(({ targets = [] }) => targets.length === 0)).toEqual([]);
  });

  it('leaves no variable of Grafana without a value that this test knows', () => {
    expect(panelExpressions().filter(({ expr }) => expr.includes('$'))).toEqual([]);
  });
});

it('the metrics and labels of an expression are found, whatever is around them', () => {
  const expr =
    'histogram_quantile(0.9, sum by (le, model) (rate(gen_ai_x_bucket{process=~"a|b"}[5m]))) > tollgate_y';
  expect([metricsIn(expr), labelsIn(expr)]).toEqual([
    ['gen_ai_x', 'tollgate_y'],
    ['process', 'le', 'model'],
  ]);
  expect(metricsIn('sum by (gen_ai_token_type) (tollgate_z)')).toEqual(['tollgate_z']);
  const asked = [...alertExpressions(), ...panelExpressions()];
  expect(asked.filter((each) => metricsIn(each.expr).length === 0).map(({ by }) => by)).toEqual([
    'TollgateProcessDown',
  ]);
});

const promtool = findPromtool();
if (promtool === null) console.error('NOT TESTED: the alert rules. There is no promtool here.');

describe.skipIf(promtool === null)('by promtool', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'tollgate-alerts-'));
    cpSync(RULES, folder, { recursive: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(promtool ?? '', args, {
      cwd: folder,
      encoding: 'utf8',
    });
    return { status, said: stdout + stderr };
  };

  it('the alert rules are valid', () => {
    expect(run('check', 'rules', 'tollgate.rules.yml')).toMatchObject({ status: 0 });
  });

  it('alerts come when they should, and not before', () => {
    const { status, said } = run('test', 'rules', 'tollgate.rules.test.yml');
    expect(said).toContain('SUCCESS');
    expect(status).toBe(0);
  });

  it('the configuration is valid', () => {
    expect(run('check', 'config', '--syntax-only', 'prometheus.yml')).toMatchObject({ status: 0 });
  });

  it('every expression of the dashboard is PromQL', () => {
    const rules = panelExpressions().map(({ expr }, index) => ({ record: `panel:${index}`, expr }));
    writeFileSync(join(folder, 'panels.yml'), stringify({ groups: [{ name: 'panels', rules }] }));
    const { status, said } = run('check', 'rules', 'panels.yml');
    expect(said).toContain(`${rules.length} rules found`);
    expect(status).toBe(0);
  });

  it('a rule that does not parse is noticed', () => {
    const rules = [{ alert: 'A', expr: 'sum by (a (b)' }];
    writeFileSync(join(folder, 'bad.yml'), stringify({ groups: [{ name: 'bad', rules }] }));
    expect(run('check', 'rules', 'bad.yml').status).not.toBe(0);
  });
});

/** The machine's own, or the one of Debian's package, which is fetched once and not installed. */
function findPromtool(): string | null {
  if (spawnSync('promtool', ['--version']).status === 0) return 'promtool';
  const own = join(KEPT, 'usr/bin/promtool');
  if (existsSync(own)) return own;
  const fetching = mkdtempSync(join(tmpdir(), 'tollgate-promtool-'));
  try {
    mkdirSync(KEPT, { recursive: true });
    const options = { cwd: fetching, timeout: FETCH_TIMEOUT_MS } as const;
    spawnSync('apt-get', ['download', '-qq', 'prometheus'], options);
    const [file] = readdirSync(fetching).filter((name) => name.endsWith('.deb'));
    if (file === undefined) return null;
    spawnSync('dpkg-deb', ['-x', file, KEPT], options);
    return existsSync(own) ? own : null;
  } finally {
    rmSync(fetching, { recursive: true, force: true });
  }
}
