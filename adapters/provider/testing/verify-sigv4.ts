/**
 * What AWS does with a signature, from its documents alone: the canonical request is made of what came over the
 * wire. It shares no code with what signs.
 */
import { createHash, createHmac } from 'node:crypto';

export type Received = {
  method: string;
  /** As it came, with its query. */
  target: string;
  headers: Readonly<Record<string, string | undefined>>;
  body: string | Uint8Array;
};

const sha256 = (data: string | Uint8Array) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Uint8Array, data: string) =>
  createHmac('sha256', key).update(data).digest();

const encoded = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** The signature that a request with these signed headers has to have. */
export function signatureOf(received: Received, secret: string): string {
  const { method, target, headers, body } = received;
  const { scope, signedHeaders } = authorizationOf(received);
  const [path = '', query = ''] = target.split('?', 2);
  // Each part of the path is encoded once more than it came.
  const canonicalPath = path.split('/').map(encoded).join('/');
  const canonicalQuery = [...new URLSearchParams(query)]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
    .join('&');
  const lines = signedHeaders.map((name) => `${name}:${(headers[name] ?? '').trim()}\n`).join('');
  const request = [
    ...[method, canonicalPath, canonicalQuery, lines, signedHeaders.join(';'), sha256(body)],
  ].join('\n');
  const date = headers['x-amz-date'] ?? '';
  const toSign = ['AWS4-HMAC-SHA256', date, scope.join('/'), sha256(request)].join('\n');
  const key = scope.reduce<string | Uint8Array>((made, part) => hmac(made, part), `AWS4${secret}`);
  return createHmac('sha256', key).update(toSign).digest('hex');
}

export function authorizationOf({ headers }: Pick<Received, 'headers'>) {
  const text = headers['authorization'] ?? '';
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\S+), SignedHeaders=(\S+), Signature=([0-9a-f]{64})$/.exec(
      text,
    );
  if (found === null) throw new Error(`no signature: ${text}`);
  const [, id = '', scope = '', names = '', signature = ''] = found;
  return { id, scope: scope.split('/'), signedHeaders: names.split(';'), signature };
}
