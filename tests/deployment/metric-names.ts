/** What the alert rules and the dashboard ask Prometheus for. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';

type Rules = { groups: { rules: { alert: string; expr: string }[] }[] };
type Panel = { id: number; title: string; type: string; targets?: { expr: string }[] };
export type Dashboard = { panels: Panel[]; templating: { list: { definition?: string }[] } };

export type Asked = {
  /** Who asks. */
  by: string;
  /** PromQL; variables of Grafana have a value. */
  expr: string;
};

export const RULES = fileURLToPath(new URL('../../deploy/prometheus', import.meta.url));
const DASHBOARD = new URL('../../deploy/grafana/dashboards/tollgate.json', import.meta.url);

/** What Grafana would put there. */
const VARIABLES: Readonly<Record<string, string>> = {
  $__rate_interval: '5m',
  $__range: '1h',
  $provider: '.*',
};

export function alertExpressions(): Asked[] {
  const { groups } = parse(readFileSync(`${RULES}/tollgate.rules.yml`, 'utf8')) as Rules;
  return groups.flatMap(({ rules }) => rules.map(({ alert, expr }) => ({ by: alert, expr })));
}

export function readDashboard(): Dashboard {
  return JSON.parse(readFileSync(DASHBOARD, 'utf8')) as Dashboard;
}

export function panelExpressions(): Asked[] {
  const { panels, templating } = readDashboard();
  const ofVariables = templating.list.flatMap(({ definition }) => {
    const [, metric] = /^label_values\((\w+), \w+\)$/.exec(definition ?? '') ?? [];
    return metric === undefined ? [] : [{ by: 'a variable', expr: metric }];
  });
  const ofPanels = panels.flatMap(({ title, targets = [] }) =>
    targets.map(({ expr }) => ({
      by: title,
      expr: expr.replace(/\$\w+/g, (name) => VARIABLES[name] ?? name),
    })),
  );
  return [...ofVariables, ...ofPanels];
}

/** Our metrics in an expression, without what Prometheus adds to the parts of a histogram. */
export function metricsIn(expr: string): string[] {
  const bare = expr.replace(/\{[^}]*\}/g, '').replace(/\bby\s*\([^)]*\)/g, '');
  const names = bare.match(/\b(?:tollgate|gen_ai|process|nodejs)_[a-z_]+\b/g);
  return [...new Set(names)].map((name) => name.replace(/_(?:bucket|sum|count)$/, ''));
}

/** Labels that an expression chooses or groups by. */
export function labelsIn(expr: string): string[] {
  const matched = [...expr.matchAll(/(\w+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label]) => label ?? '');
  const grouped = [...expr.matchAll(/\bby\s*\(([^)]*)\)/g)].flatMap(([, list]) =>
    (list ?? '').split(',').map((label) => label.trim()),
  );
  return [...new Set([...matched, ...grouped])];
}
