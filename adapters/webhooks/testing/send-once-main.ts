/** Sends one webhook as a process of its own: what a process trusts is decided when it starts. */
import { randomBytes } from 'node:crypto';
import { destinations } from '../destinations.ts';
import { webhookSecretText } from '../webhook-secret.ts';
import { createWebhookSender } from '../webhook-sender.ts';

const [, , url = ''] = process.argv;
const sender = createWebhookSender({
  destinations: destinations(['127.0.0.1']),
  ...{ timeoutMs: 5_000, answerBytesMax: 1_024 },
});
const secrets = [webhookSecretText(randomBytes(32))];
const message = { url, secrets, id: 'alm_1', body: '{}', atMs: Date.now() };
process.stdout.write(JSON.stringify(await sender.send(message)));
await sender.close();
