/** The rules of a record's row (design §9): its key, its leaf, and what makes it dead. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { dead, projectRecord, uuidKey } from './projection.ts';
import { attempt } from './testing/projector-house.ts';

const rowOf = (value: Uint8Array | string) =>
  projectRecord({ partition: 1, offset: 7n, value: Buffer.from(value), appendedAtMs: 5 });
const event = (fields: object = {}) => ({ ...attempt({}, 1_000), ...fields });
const project = (fields: object = {}) => rowOf(JSON.stringify(event(fields)));
const external = { type: 'external', id: 'x-1', source: 'collector', call_id: null };
const resolution = { type: 'resolution', resolves_id: '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa' };

describe('the key of an event', () => {
  it('of ours is its UUID as an integer', () => {
    expect(uuidKey('00000000-0000-0000-0000-0000000000ff')).toBe('255');
    const id = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';
    expect(project({ id }).idKey).toBe(BigInt(`0x${id.replaceAll('-', '')}`).toString());
    expect(project({ ...resolution, id }).idKey).toBe(uuidKey(id));
  });

  it('I10: of a collector’s is a hash in which no part can pass for the next one', () => {
    const digest = createHash('sha256').update('5:cus_19:collector3:x-1').digest('hex');
    const key = BigInt(`0x${digest.slice(0, 32)}`).toString();
    expect(project({ ...external, customer_id: 'cus_1' }).idKey).toBe(key);
    const keyOf = (source: string, id: string) => project({ ...external, source, id }).idKey;
    expect(keyOf('ab', 'c')).not.toBe(keyOf('a', 'bc'));
    // Bytes are counted, not characters.
    const umlaut = createHash('sha256').update('5:cus_19:collector2:ü').digest('hex');
    expect(project({ ...external, id: 'ü' }).idKey).toBe(
      BigInt(`0x${umlaut.slice(0, 32)}`).toString(),
    );
  });

  it('of a collector’s follows from its type, whatever its id looks like', () => {
    const { id } = attempt();
    expect(project({ ...external, id }).idKey).not.toBe(uuidKey(id));
  });
});

describe('the leaf of a record', () => {
  it.each([0, 1, 64 * 1024 - 1, 64 * 1024, 64 * 1024 + 1, 200_000, 3])(
    'I5: is the hash of a zero byte and its own bytes, %i of them',
    (length) => {
      const value = new Uint8Array(length).fill(0x78);
      const leaf = createHash('sha256').update(new Uint8Array(1)).update(value).digest('hex');
      expect(rowOf(value).leafHex).toBe(leaf);
    },
  );
});

describe('a record is dead', () => {
  it.each<[string, object]>([
    ['id: not a UUIDv7', { id: 'x' }],
    ['id: not a UUIDv7', { id: `x${attempt().id}` }],
    ['id: not a UUIDv7', { id: `${attempt().id}x` }],
    [
      'resolves_id: a resolution has one, and nothing else does',
      { ...resolution, resolves_id: null },
    ],
    [
      'resolves_id: a resolution has one, and nothing else does',
      { resolves_id: resolution.resolves_id },
    ],
    ['hold_*: arrays differ in length', { hold_lease_ids: ['lse_1'] }],
    [
      'hold_*: arrays differ in length',
      {
        hold_lease_ids: ['lse_1'],
        hold_amounts: ['0.000000000001'],
        hold_units: ['usd'],
      },
    ],
    ['a text holds half of a surrogate pair', { ...external, external_subject: 'a\ud800' }],
  ])('%s', (reason, fields) => {
    expect(project(fields)).toMatchObject({
      disposition: 'dead',
      deadReason: reason,
      idKey: '0',
      object: null,
      resolvesId: null,
      resolvable: false,
      partition: 1,
      offset: 7n,
      appendedAtMs: 5,
    });
  });

  it('and says which field its schema refuses', () => {
    expect(project({ tags: { a: 1 } }).deadReason).toMatch(/^tags\.a: \S/);
    expect(rowOf('7').deadReason).toMatch(/^: \S/);
    expect(rowOf('not json').deadReason).toBe('not UTF-8 JSON');
    expect(rowOf(Buffer.from([0x7b, 0xff, 0x7d])).deadReason).toBe('not UTF-8 JSON');
  });

  it.each<[string, object]>([
    ['an attempt', {}],
    ['an event of a collector', { type: 'external', id: 'x-1', source: 'collector' }],
  ])('where a text of it is no UTF-8: it would be another text: %s', (_, fields) => {
    const value = Buffer.from(JSON.stringify(event({ ...fields, customer_id: 'cus_~' })));
    value[value.indexOf('~')] = 0xff;
    expect(rowOf(value)).toMatchObject({ disposition: 'dead', deadReason: 'not UTF-8 JSON' });
  });

  it('for a reason of at most 500 characters, none of them halved', () => {
    expect(dead('x'.repeat(501)).deadReason).toBe('x'.repeat(500));
    expect(dead(`${'x'.repeat(499)}😀`).deadReason).toBe(`${'x'.repeat(499)}\ufffd`);
  });
});

describe('a record lives', () => {
  it('with holds whose arrays are equally long', () => {
    const holds = {
      hold_lease_ids: ['lse_1', 'lse_2'],
      hold_amounts: ['0.000000000001', '0.000000000002'],
      hold_units: ['usd', 'usd'],
      budget_windows: ['a', 'b'],
    };
    expect(project(holds)).toMatchObject({ disposition: 'counted', deadReason: null });
  });

  it('with six characters that only look like half of a pair', () => {
    expect(project({ ...external, external_subject: '\\ud800' }).disposition).toBe('counted');
    expect(project({ ...external, external_subject: '\\\ud83d\ude00' }).disposition).toBe(
      'counted',
    );
    expect(project({ ...external, external_subject: '\\\\\ud800' }).disposition).toBe('dead');
  });

  it('and can be resolved only as an attempt whose cost or usage nobody stated', () => {
    expect(project().resolvable).toBe(false);
    expect(project({ cost: null }).resolvable).toBe(true);
    expect(project({ usage_source: 'estimated' }).resolvable).toBe(true);
    const { resolvable, resolvesId } = project({ ...resolution, cost: null });
    expect([resolvable, resolvesId]).toEqual([false, resolution.resolves_id]);
  });

  it.each<[string, object]>([
    ['an attempt', {}],
    ['an event of a collector', external],
  ])('as its own bytes, without a copy of them: %s', (_, fields) => {
    const value = Buffer.from(JSON.stringify(event(fields)));
    const { object } = projectRecord({ partition: 0, offset: 0n, value, appendedAtMs: 0 });
    expect(object).toBe(value);
  });

  it.each([
    ['\n', ' '],
    ['\r', ' '],
    ['\r\n', '  '],
  ])('on one line, however its sender breaks it', (end, blanks) => {
    const text = JSON.stringify(event());
    const broken = `${text.slice(0, 1)}${end}${text.slice(1)}`;
    expect(Buffer.from(rowOf(broken).object ?? '').toString()).toBe(
      `${text.slice(0, 1)}${blanks}${text.slice(1)}`,
    );
    expect(Buffer.from(rowOf(`  ${text}`).object ?? '').toString()).toBe(text);
  });
});
