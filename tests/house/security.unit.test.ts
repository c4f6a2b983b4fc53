import { readFileSync } from 'node:fs';
import { apiLimits } from '@tollgate/billing-api/limits.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { supervisorLimits } from '@tollgate/standalone/limits.ts';
import { expect, it } from 'vitest';

it('SECURITY.md states the bounds as they are in the code', () => {
  const text = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8');
  const rows = [...text.matchAll(/\| `(\w+)\.(\w+)` \| (\d+) \|/g)];
  const limits: Record<string, object> = { proxyLimits, apiLimits, supervisorLimits };
  const stated = rows.map(([, owner = '', name = '', value]) => [owner, name, Number(value)]);
  expect(stated.length).toBeGreaterThan(15);
  expect(stated).toEqual(
    stated.map(([owner, name]) => [
      ...[owner, name, Reflect.get(limits[String(owner)] ?? {}, String(name))],
    ]),
  );
});
