/**
 * AWS Signature Version 4, by AWS's own library, which is loaded when it is first needed. Each request is
 * signed as it is sent, so that none is sent with the signature of another one (litellm#27513), and by the
 * server's clock if ours is found to be off.
 */
import { createHash, createHmac, type Hash, type Hmac } from 'node:crypto';
import {
  type AuthorizedRequest,
  type Authorizer,
  RereadTexts,
  type TextSource,
} from './authorizer.ts';

export type AwsAccess = {
  region: string;
  service: string;
  accessKeyId: TextSource;
  secretAccessKey: TextSource;
  /** Of temporary credentials. */
  sessionToken?: TextSource | undefined;
};

/** AWS takes a signature for five minutes before and after its time. */
const CLOCK_OFF_MS = 4 * 60_000;
const REFUSED = 403;

export function sigV4(access: AwsAccess, now: () => number = Date.now): Authorizer {
  const { accessKeyId, secretAccessKey, sessionToken } = access;
  const sources = [accessKeyId, secretAccessKey, ...(sessionToken ? [sessionToken] : [])];
  const texts = new RereadTexts(sources);
  let aheadMs = 0;
  return {
    async headersFor(request) {
      const [id = '', secret = '', token] = await texts.texts();
      const credentials = {
        ...{ accessKeyId: id, secretAccessKey: secret },
        ...(token === undefined ? {} : { sessionToken: token }),
      };
      return signed(access, credentials, request, new Date(now() + aheadMs));
    },
    answered(status, date) {
      if (status !== REFUSED) return;
      texts.forget();
      const theirs = date === undefined ? Number.NaN : Date.parse(date);
      const differsMs = theirs - now();
      // seam: signature-is-of-the-server-s-time
      if (Math.abs(differsMs - aheadMs) > CLOCK_OFF_MS) aheadMs = differsMs;
    },
  };
}

type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

async function signed(
  { region, service }: AwsAccess,
  credentials: Credentials,
  { method, host, path, contentType, body }: AuthorizedRequest,
  signingDate: Date,
): Promise<Record<string, string>> {
  const { SignatureV4 } = await import('@smithy/signature-v4');
  const signer = new SignatureV4({ region, service, credentials, sha256: Sha256 });
  const [pathname = '/', query = ''] = path.split('?', 2);
  const own = { host, ...(contentType === undefined ? {} : { 'content-type': contentType }) };
  const { hostname, port } = new URL(`https://${host}`);
  const request = {
    ...{ method, protocol: 'https:', hostname, path: pathname, headers: own, body },
    ...(port === '' ? {} : { port: Number(port) }),
    query: Object.fromEntries(new URLSearchParams(query)),
  };
  const { headers } = await signer.sign(request, { signingDate });
  const { host: _, 'content-type': __, ...added } = headers;
  return added;
}

/** What the library asks for of a hash. */
class Sha256 {
  readonly #hash: Hash | Hmac;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash =
      secret === undefined ? createHash('sha256') : createHmac('sha256', bytesOf(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(bytesOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }

  reset(): void {
    throw new Error('a hash is used once');
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): Uint8Array {
  if (typeof data === 'string') return Buffer.from(data);
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
