/**
 * Signed links: with one anybody may fetch one file until it expires, and nothing else. There is no record
 * of them: the signature is HMAC-SHA-256 with a key of the installation, one for each generation, over
 * the path, the query and the expiry.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { INSTALLATION_ID } from '@tollgate/domain/installation/installation-events.ts';
import { ApiProblem } from '../http/errors.ts';
import type { ApiLimits } from '../limits.ts';
import type { ResourceIndex } from '../resources/resource-index.ts';

/** The parameter that holds expiry and signature. */
export const LINK_PARAMETER = 'link';

/** The parameter that says where a download goes on: it widens nothing, so it may differ. */
export const RESUME_PARAMETER = 'after';

type Target = { path: string; query: Readonly<Record<string, string>> };

export type Links = {
  /** @returns path and query that open the file until then */
  sign(target: Target, expiresAtMs: number): string;
  /** @throws ApiProblem link_invalid, link_expired, or ledger_unavailable if it cannot be known */
  verify(target: Target, token: string): void;
};

const TOKEN = /^(?<expires>[0-9a-z]{1,9})\.(?<signature>[\w-]{43})$/;

type Keys = {
  /** The key of the generation that is in force. @throws ApiProblem ledger_unavailable */
  key: () => Uint8Array;
  clock: () => number;
};

export function signedLinks({ key, clock }: Keys): Links {
  return {
    sign(target, expiresAtMs) {
      // A second that has begun counts.
      const expires = Math.ceil(expiresAtMs / 1000).toString(36);
      const query = new URLSearchParams(target.query);
      query.set(LINK_PARAMETER, `${expires}.${signatureOf(key(), target, expires)}`);
      return `${target.path}?${query}`;
    },
    verify(target, token) {
      const { expires = '', signature = '' } = TOKEN.exec(token)?.groups ?? {};
      const should = Buffer.from(signatureOf(key(), target, expires));
      const given = Buffer.from(signature);
      // seam: link-is-signed
      if (given.length !== should.length || !timingSafeEqual(given, should)) {
        throw new ApiProblem('link_invalid');
      }
      // seam: link-expires
      if (Number.parseInt(expires, 36) * 1000 <= clock()) throw new ApiProblem('link_expired');
    },
  };
}

function signatureOf(key: Uint8Array, { path, query }: Target, expires: string): string {
  const signed = Object.entries(query)
    .filter(([name]) => name !== RESUME_PARAMETER)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify(['GET', path, signed, expires]);
  return createHmac('sha256', key).update(text).digest('base64url');
}

/** With the installation's own key, and the generation that the ledger says. */
export function linksOf(
  { secrets, clock }: { secrets: Secrets; clock: () => number },
  directory: ResourceIndex,
  limits: Pick<ApiLimits, 'ledgerStaleMaxMs'>,
): Links {
  let known: { generation: number; key: Uint8Array } = { generation: -1, key: new Uint8Array() };
  return signedLinks({
    clock,
    key() {
      // Who cannot see the ledger cannot know what was revoked.
      if (directory.ageMs() > limits.ledgerStaleMaxMs) throw new ApiProblem('ledger_unavailable');
      const generation = directory.installation.get(INSTALLATION_ID)?.state.links_generation ?? 0;
      // seam: link-key-of-its-generation
      if (generation !== known.generation) {
        known = { generation, key: secrets.deriveBytes(`signed links|${generation}`, 32) };
      }
      return known.key;
    },
  });
}
