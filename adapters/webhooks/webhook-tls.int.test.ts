/** Webhooks over TLS: what is trusted, and what becomes of what is not. */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { destinations } from './destinations.ts';
import { type Certificate, selfSigned } from './testing/certificate.ts';
import { type Receiver, startReceiver } from './testing/receiver.ts';
import { webhookSecretText } from './webhook-secret.ts';
import { createWebhookSender } from './webhook-sender.ts';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function receiver(tls: Certificate): Promise<Receiver> {
  const started = await startReceiver({ tls });
  open.push(started);
  return started;
}

function send(url: string) {
  const sender = createWebhookSender({
    destinations: destinations(['127.0.0.1']),
    ...{ timeoutMs: 2_000, answerBytesMax: 1_024 },
  });
  open.push(sender);
  const secrets = [webhookSecretText(randomBytes(32))];
  return sender.send({ url, secrets, id: 'alm_1', body: '{}', atMs: Date.now() });
}

const run = promisify(execFile);
const SEND = fileURLToPath(new URL('./testing/send-once-main.ts', import.meta.url));

/** From a process that trusts this certificate too. */
async function sendTrusting({ cert }: Certificate, url: string): Promise<unknown> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-tls-'));
  const file = join(folder, 'ca.pem');
  writeFileSync(file, cert);
  try {
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: file };
    const { stdout } = await run(process.execPath, [SEND, url], { env });
    return JSON.parse(stdout);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const TLS_FAILED = { status: null, error: 'tls_failed' };

describe('a webhook over TLS', () => {
  it('is not sent to a server whose certificate nobody here knows', async () => {
    const { url, received } = await receiver(selfSigned());
    expect([await send(url), received]).toEqual([TLS_FAILED, []]);
  });

  it('arrives where NODE_EXTRA_CA_CERTS names the certificate', async () => {
    const certificate = selfSigned();
    const { url, received } = await receiver(certificate);
    expect(await sendTrusting(certificate, url)).toEqual({ status: 204, error: null });
    expect(received).toHaveLength(1);
  });

  it.each([
    ['is over', selfSigned('127.0.0.1', Date.now() - 1_000)],
    ['is of another address', selfSigned('127.0.0.2')],
  ])('is not sent although the certificate is known, if it %s', async (_, certificate) => {
    const { url, received } = await receiver(certificate);
    expect([await sendTrusting(certificate, url), received]).toEqual([TLS_FAILED, []]);
  });

  it('is not sent to a server that breaks off, or speaks no TLS at all', async () => {
    const greetings = [Buffer.alloc(0), Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')];
    const said: unknown[] = [];
    for (const greeting of greetings) {
      const server = createServer((socket) => {
        socket.on('error', () => undefined);
        socket.once('data', () => socket.end(greeting));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      said.push(await send(`https://127.0.0.1:${port}/`));
      await new Promise((resolve) => server.close(resolve));
    }
    expect(said).toEqual([{ status: null, error: 'connection_failed' }, TLS_FAILED]);
  });
});
