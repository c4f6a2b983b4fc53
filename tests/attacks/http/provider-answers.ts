/** What a hostile provider sends, and what a client gets of it (item 8). */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Attack } from '../attack.ts';
import type { AttackedHouse } from '../product/attacked-house.ts';
import { FORBIDDEN_HEADERS } from '../product/hostile-provider.ts';
import { exchange, post } from '../wire.ts';
import { CHAT, shown } from './raw-attack.ts';

/** Until a call that has ended is in the warehouse, ms. */
const ARRIVES_MS = 30_000;
const REDIRECTED = '502 upstream_redirected';
const UNAUTHORIZED = '502 provider_auth_failed';
const BROKEN = ['upstream_failed', 'upstream_closed', 'upstream_unreachable']
  .map((code) => `502 ${code}`)
  .concat('200, unstated');
/** What the provider says of usage is no statement: the hold is charged. */
const UNSTATED = ['200, unstated'];

const ANSWERS: readonly (readonly [model: string, expected: readonly string[]])[] = [
  ['evil-headers', ['200, stated']],
  ['evil-many-headers', ['200, stated']],
  // Whole, though its length is a lie.
  ['evil-short', ['200, stated', ...BROKEN]],
  ...[301, 302, 303, 307, 308].map((status) => [`evil-${status}`, [REDIRECTED]] as const),
  ...[401, 402, 403, 407].map((status) => [`evil-${status}`, [UNAUTHORIZED]] as const),
  ...['zero', 'negative', 'text', 'fraction', 'vast', 'list', 'none'].map(
    (kind) => [`evil-${kind}`, UNSTATED] as const,
  ),
  ['evil-nested', UNSTATED],
  ['evil-page', UNSTATED],
  ...['reset', 'header-bomb', 'garbage', 'no-http'].map(
    (kind) => [`evil-${kind}`, BROKEN] as const,
  ),
];

/** By name and by value: what of a provider's head came through. */
function passedOn(text: string): string {
  const [top = ''] = text.split('\r\n\r\n', 1);
  const found = Object.entries(FORBIDDEN_HEADERS).filter(([name, value]) => {
    const line = top.split('\r\n').find((one) => one.toLowerCase().startsWith(`${name}:`));
    return line?.slice(name.length + 1).trim() === value;
  });
  const names = found.map(([name]) => name);
  return names.length === 0 ? '' : ` WITH ${names.join(', ')}`;
}

type CallView = { events: { type: string; usage_source: string }[] };

/** Who stated the usage of an answer: asked of the meter once the call has arrived there. */
async function statedBy(house: AttackedHouse, text: string): Promise<string> {
  const callId = /x-tollgate-call-id: (\S+)/i.exec(text)?.[1] ?? '';
  const headers = { authorization: `Bearer ${house.platform.adminToken}` };
  for (const untilMs = performance.now() + ARRIVES_MS; performance.now() < untilMs; ) {
    const answer = await fetch(`${house.platform.apiUrl}/v1/calls/${callId}`, { headers });
    if (answer.ok) {
      const { events } = (await answer.json()) as CallView;
      return events.every((event) => event.usage_source === 'provider') ? 'stated' : 'unstated';
    }
    await answer.arrayBuffer();
    await sleep(200);
  }
  return 'never metered';
}

export const providerAnswers: readonly Attack[] = ANSWERS.flatMap(([model, expected]) =>
  [false, true].map((stream) => ({
    name: `provider answers as ${model}, ${stream ? 'a stream' : 'at once'} asked for`,
    ...{ item: 8 as const, sent: 'a call that may pay', expected },
    async run(house) {
      const body = JSON.stringify({
        ...{ model, max_tokens: 10, messages: [{ role: 'user', content: 'hi' }] },
        ...(stream ? { stream } : {}),
      });
      const sent = [post(CHAT, house.caller.secret, body)];
      const { outcome, text } = await exchange(house.platform.proxyUrl, sent, 30_000);
      const metered = outcome === '200' ? `, ${await statedBy(house, text)}` : '';
      return `${outcome}${metered}${passedOn(text)}${shown(house, text)}`;
    },
  })),
);
