/** A proxy that speaks every dialect, before a provider on a raw socket. */
import { connect } from 'node:net';
import { createUpstream } from '@tollgate/adapters/provider/upstream.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { FairGate } from '@tollgate/proxy/routing/fair-gate.ts';
import { NOT_BILLED_STATUSES } from '@tollgate/schemas/config/tollgate-config.ts';
import { outcomeOf } from '../../attacks/wire.ts';
import { openPlatform } from '../../e2e/platform-house.ts';
import type { RawCall } from './framings.ts';
import { openRawUpstream, type RawUpstream } from './raw-upstream.ts';

export type SmugglingStage = {
  upstream: RawUpstream;
  calls(marker: string): readonly RawCall[];
  /** @param isWhole an answer must come of it @returns what came back, as in the attacks */
  send(bytes: string, isWhole: boolean): Promise<string>;
  close(): Promise<void>;
};

const CONNECTIONS = 64;
/** With nothing from the other side for so long, it is told that nothing more comes, ms. */
const QUIET_MS = 250;
/** What is still open then hangs, ms. */
const HANGS_MS = 20_000;

export async function openSmugglingStage(): Promise<SmugglingStage> {
  const house = await openPlatform();
  const upstream = await openRawUpstream();
  const { url } = await house.start({
    providers: [
      {
        ...{ name: 'raw', priceProvider: 'simulator', outputLimitField: 'max_tokens' },
        upstream: createUpstream({
          ...{ baseUrl: upstream.url, apiKey: 'sk-raw', connectionsMax: CONNECTIONS },
          ...{ connectTimeoutMs: 5_000, headersTimeoutMs: 10_000, bodyTimeoutMs: 10_000 },
        }),
        asksForUsage: true,
        notBilledStatuses: new Set(NOT_BILLED_STATUSES),
        connections: new FairGate(CONNECTIONS, proxyLimits.upstreamQueueMs),
        dialects: new Set(['openai', 'anthropic', 'gemini'] as const),
      },
    ],
    models: new Map(),
  });
  const { secret } = await house.key(await house.customer());
  return {
    upstream,
    calls: (marker) => callsOf(secret, marker),
    send: (bytes, isWhole) => send(new URL(url), bytes, isWhole ? HANGS_MS : QUIET_MS),
    async close() {
      await upstream.close();
      await house.close();
    },
  };
}

function callsOf(secret: string, marker: string): RawCall[] {
  const model = 'sim-small';
  const messages = [{ role: 'user', content: marker }];
  const bodies: readonly (readonly [string, object])[] = [
    ['/v1/chat/completions', { model, max_tokens: 9, messages }],
    ['/v1/responses', { model, max_output_tokens: 9, input: marker }],
    ['/v1/completions', { model, max_tokens: 9, prompt: marker }],
    ['/v1/messages', { model, max_tokens: 9, messages }],
    [
      `/v1beta/models/${model}:generateContent`,
      { contents: [{ parts: [{ text: marker }] }], generationConfig: { maxOutputTokens: 9 } },
    ],
  ];
  return bodies.map(([path, body]) => ({ path, secret, body: JSON.stringify(body) }));
}

function send({ hostname, port }: URL, bytes: string, quietMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = '';
    const quiet = setTimeout(() => socket.end(), quietMs);
    const hangs = setTimeout(() => {
      text ||= 'hangs';
      socket.destroy();
    }, HANGS_MS);
    socket.on('data', (more) => {
      text += more.toString('latin1');
      quiet.refresh();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      clearTimeout(quiet);
      clearTimeout(hangs);
      resolve(text === 'hangs' ? text : (outcomeOf(text) ?? 'closed'));
    });
    socket.write(bytes, 'latin1');
  });
}
