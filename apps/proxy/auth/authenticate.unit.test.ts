/** Who is calling (docs/design.md): which secret is which key, and which one opens nothing. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { LedgerView } from '../ledger-view/ledger-view.ts';
import { Authenticator } from './authenticate.ts';

const NOW = Date.UTC(2026, 5, 1);
const secretOf = (n: number) => formatKeySecret('live', new Uint8Array(32).fill(n));
const hashOf = (secret: string, version: number) =>
  createHash('sha256').update(`${version} ${secret}`).digest('hex');

let view: LedgerView;
let digests: string[];
let authenticator: Authenticator;
beforeEach(() => {
  view = new LedgerView(16);
  digests = [];
  const secrets = {
    pepperVersions: [2, 1],
    digestKey(secret: string, version = 2) {
      digests.push(`${version} ${secret}`);
      return { hash: hashOf(secret, version), pepper_version: version };
    },
  } as Pick<Secrets, 'pepperVersions' | 'digestKey'> as Secrets;
  authenticator = new Authenticator(view, secrets);
});

let events = 0;
function apply(stream: string, type: string, data: object): void {
  const at = { stream, revision: BigInt(events), position: '', recordedAtMs: 0 };
  view.apply({ id: String(events++), type, data, ...at });
}

function issue(
  n: number,
  fields: { pepper?: number; expires_at?: string; team_id?: string } = {},
): string {
  const secret = secretOf(n);
  const pepper = fields.pepper ?? 2;
  const who = {
    key_id: `key_${n}`,
    customer_id: `cus_${n}`,
    team_id: fields.team_id ?? null,
    name: 'n',
  };
  const what = { environment: 'live', tags: {}, on_disconnect: 'drain', last_four: 'abcd' };
  const digest = { hash: hashOf(secret, pepper), pepper_version: pepper };
  const data = { ...who, ...what, ...digest, expires_at: fields.expires_at ?? null };
  apply(`key-key_${n}`, 'KeyIssued', data);
  return secret;
}

function ask(headers: IncomingHttpHeaders, nowMs = NOW): string {
  const found = authenticator.authenticate(headers, nowMs);
  return typeof found === 'string' ? found : found.keyId;
}

describe('a key', () => {
  it.each<[string, (secret: string) => IncomingHttpHeaders]>([
    ['a bearer token', (secret) => ({ authorization: `Bearer ${secret}` })],
    ['in any case', (secret) => ({ authorization: `bEARER ${secret}` })],
    ['with spaces around it', (secret) => ({ authorization: `Bearer   ${secret}  ` })],
    ['x-api-key', (secret) => ({ 'x-api-key': secret })],
    ['x-goog-api-key', (secret) => ({ 'x-goog-api-key': secret })],
    ['api-key', (secret) => ({ 'api-key': secret })],
  ])('is taken from %s', (_, headers) => {
    expect(ask(headers(issue(1)))).toBe('key_1');
  });

  it.each<[string, IncomingHttpHeaders]>([
    ['no header', {}],
    ['another scheme', { authorization: 'Basic abc' }],
    ['a scheme without a key', { authorization: 'Bearer ' }],
    ['two words', { authorization: 'Bearer a b' }],
    ['a word before the scheme', { authorization: 'x Bearer a' }],
    ['an empty x-api-key', { 'x-api-key': '' }],
    ['two of x-api-key', { 'x-api-key': ['a', 'b'] as unknown as string }],
  ])('is missing in %s', (_, headers) => {
    expect(ask(headers)).toBe('missing_api_key');
  });

  it('of the authorization header comes before x-api-key', () => {
    const secret = issue(1);
    expect(ask({ authorization: 'Basic x', 'x-api-key': secret })).toBe('missing_api_key');
  });

  it('I12: with a bad checksum is refused before anything is hashed or looked up', () => {
    expect(ask({ 'x-api-key': `${secretOf(1).slice(0, -1)}!` })).toBe('malformed_api_key');
    expect(digests).toEqual([]);
  });

  // litellm PR#9658, trailofbits/buttercup PR#550: calls with the operator's own access had no limits.
  it('is the only way to make calls: a token of the operator opens nothing', () => {
    const token = `tgadm_${'a'.repeat(43)}`;
    expect([ask({ authorization: `Bearer ${token}` }), ask({ 'x-api-key': token })]).toEqual([
      'malformed_api_key',
      'malformed_api_key',
    ]);
  });

  it('that was never issued is invalid, however often it is tried', () => {
    const secret = secretOf(9);
    for (const _ of [1, 2]) expect(ask({ 'x-api-key': secret })).toBe('invalid_api_key');
    expect(digests).toHaveLength(4);
    issue(9);
    expect(ask({ 'x-api-key': secret })).toBe('key_9');
  });

  it('is found by the newest pepper first, and by older ones', () => {
    const [newer, older] = [issue(1), issue(2, { pepper: 1 })];
    expect([ask({ 'x-api-key': newer }), digests]).toEqual(['key_1', [`2 ${newer}`]]);
    digests.length = 0;
    expect(ask({ 'x-api-key': older })).toBe('key_2');
    expect(digests).toEqual([`2 ${older}`, `1 ${older}`]);
  });

  it('is hashed once, and asked about at each call', () => {
    const secret = issue(1);
    for (const _ of [1, 2, 3]) ask({ 'x-api-key': secret });
    expect(digests).toHaveLength(1);
    apply('key-key_1', 'KeyRevoked', { key_id: 'key_1', reason: null });
    expect(ask({ 'x-api-key': secret })).toBe('revoked_api_key');
  });

  it('that was replaced is revoked', () => {
    const secret = issue(1);
    const digest = { hash: hashOf(secretOf(2), 2), pepper_version: 2, last_four: 'abcd' };
    const previous_valid_until = new Date(NOW).toISOString();
    apply('key-key_1', 'KeyRotated', { key_id: 'key_1', ...digest, previous_valid_until });
    expect(ask({ 'x-api-key': secret }, NOW - 1)).toBe('key_1');
    expect(ask({ 'x-api-key': secret })).toBe('revoked_api_key');
    expect(ask({ 'x-api-key': secretOf(2) })).toBe('key_1');
  });

  it('expires at its instant', () => {
    const secret = issue(1, { expires_at: new Date(NOW).toISOString() });
    expect(ask({ 'x-api-key': secret }, NOW - 1)).toBe('key_1');
    expect(ask({ 'x-api-key': secret })).toBe('expired_api_key');
  });

  it('that is suspended opens nothing with any of its secrets until it is resumed', () => {
    const secrets = [issue(1), secretOf(2)] as const;
    const digest = { hash: hashOf(secrets[1], 2), pepper_version: 2, last_four: 'abcd' };
    const previous_valid_until = new Date(NOW + 1).toISOString();
    apply('key-key_1', 'KeyRotated', { key_id: 'key_1', ...digest, previous_valid_until });
    const both = () => secrets.map((secret) => ask({ 'x-api-key': secret }));
    expect(both()).toEqual(['key_1', 'key_1']);
    apply('key-key_1', 'KeySuspended', { key_id: 'key_1', reason: null });
    expect(both()).toEqual(['suspended_api_key', 'suspended_api_key']);
    apply('key-key_1', 'KeyResumed', { key_id: 'key_1' });
    expect(both()).toEqual(['key_1', 'key_1']);
    apply('key-key_1', 'KeyArchived', { key_id: 'key_1' });
    expect(both()).toEqual(['archived_api_key', 'archived_api_key']);
  });

  it('has the expiry, tags and policy of its last update, and a running call those before', () => {
    const secret = issue(1);
    const before = authenticator.authenticate({ 'x-api-key': secret }, NOW);
    const update = (data: object) => apply('key-key_1', 'KeyUpdated', { key_id: 'key_1', ...data });
    update({ expires_at: new Date(NOW).toISOString(), tags: { a: 'b' } });
    expect(ask({ 'x-api-key': secret })).toBe('expired_api_key');
    update({ expires_at: null, on_disconnect: 'abort' });
    const after = authenticator.authenticate({ 'x-api-key': secret }, NOW);
    const seen = [before, after].map((key) =>
      typeof key === 'string' ? key : [key.tags, key.onDisconnect, key.expiresAtMs],
    );
    expect(seen).toEqual([
      [{}, 'drain', Number.POSITIVE_INFINITY],
      [{ a: 'b' }, 'abort', Number.POSITIVE_INFINITY],
    ]);
  });

  it('of an archived team opens nothing, and that of another team does', () => {
    const [archived, other] = [issue(1, { team_id: 'team_1' }), issue(2, { team_id: 'team_2' })];
    apply('team-team_1', 'TeamArchived', { team_id: 'team_1' });
    expect(ask({ 'x-api-key': archived })).toBe('team_archived');
    expect(ask({ 'x-api-key': other })).toBe('key_2');
  });

  it('I10: of an archived customer opens nothing, and that of another customer does', () => {
    const [archived, other] = [issue(1), issue(2)];
    apply('customer-cus_1', 'CustomerArchived', { customer_id: 'cus_1' });
    expect(ask({ 'x-api-key': archived })).toBe('customer_archived');
    expect(ask({ 'x-api-key': other })).toBe('key_2');
  });

  it('keeps the digests of the latest 10,000 keys, and hashes older ones again', () => {
    const known = Array.from({ length: 10_001 }, (_, n) => {
      const bytes = new Uint8Array(32).fill(3);
      new DataView(bytes.buffer).setUint32(0, n);
      new DataView(bytes.buffer).setUint32(28, n);
      return formatKeySecret('live', bytes);
    });
    for (const [n, secret] of known.entries()) {
      const who = { key_id: `key_${n}`, customer_id: 'cus_1', team_id: null, name: 'n' };
      const what = { environment: 'live', tags: {}, on_disconnect: 'drain', last_four: 'abcd' };
      const digest = { hash: hashOf(secret, 2), pepper_version: 2 };
      apply(`key-key_${n}`, 'KeyIssued', { ...who, ...what, ...digest, expires_at: null });
      ask({ 'x-api-key': secret });
    }
    digests.length = 0;
    for (const secret of known.slice(1)) ask({ 'x-api-key': secret });
    expect(digests).toEqual([]);
    ask({ 'x-api-key': known[0] as string });
    expect(digests).toHaveLength(1);
    // The room of the next oldest one.
    ask({ 'x-api-key': known[1] as string });
    expect(digests).toHaveLength(2);
  });
});
