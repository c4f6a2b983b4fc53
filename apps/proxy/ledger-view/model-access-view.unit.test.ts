import { expect, it } from 'vitest';
import { ModelAccessView } from './model-access-view.ts';

const key = (keyId: string, teamId: string | null = null, customerId = 'cus_1') => ({
  ...{ keyId, teamId, customerId },
});

it('a list of the key, its team or its customer binds, and none of anybody else', () => {
  const view = new ModelAccessView();
  view.change('key', 'k1', { denied_models: ['a'] });
  view.change('team', 't1', { denied_models: ['b'] });
  view.change('customer', 'cus_1', { denied_models: ['c'] });
  const denied = (of: ReturnType<typeof key>) =>
    ['a', 'b', 'c', 'd'].filter((model) => view.of(of)?.refusal(model, model) != null).join('');
  expect(denied(key('k1', 't1'))).toBe('abc');
  expect(denied(key('k2', 't1'))).toBe('bc');
  expect(denied(key('k3', null, 'cus_2'))).toBe('');
  view.change('key', 'k3', { denied_models: ['d'] });
  expect(denied(key('k3', null, 'cus_2'))).toBe('d');
  expect(view.of(key('k4', 't2', 'cus_2'))).toBe(null);
});

it('a change binds the next call of a key that was seen before, and changes what it names', () => {
  const view = new ModelAccessView();
  const may = (model: string) => view.of(key('k1', 't1'))?.refusal(model, model) ?? null;
  expect(view.of(key('k1', 't1'))).toBe(null);
  view.change('team', 't1', { allowed_models: ['gpt-*'] });
  expect([may('gpt-4o'), may('o9')?.scope]).toEqual([null, 'team']);
  view.change('team', 't1', { denied_models: ['gpt-4o'] });
  expect([may('gpt-4o')?.reason, may('o9')?.reason]).toEqual(['denied', 'not_listed']);
  view.change('key', 'k1', { denied_models: ['gpt-5'] });
  expect([may('gpt-5')?.scope, may('gpt-6')]).toEqual(['key', null]);
  view.change('team', 't1', {});
  view.change('team', 't1', { allowed_models: null });
  expect([may('o9'), may('gpt-4o')?.reason]).toEqual([null, 'denied']);
});

it('once no list says anything, a call is compared with none', () => {
  const view = new ModelAccessView();
  view.change('key', 'k1', { allowed_models: ['a'], denied_models: ['b'] });
  expect(view.of(key('k1'))).not.toBe(null);
  view.change('key', 'k1', { allowed_models: null, denied_models: [] });
  expect([view.of(key('k1')), view.of(key('k2'))]).toEqual([null, null]);
});
