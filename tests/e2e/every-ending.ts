/**
 * Every dialect, whole and streamed, under each way that a call can end, against the simulator's own bill:
 * before its bill is imported nothing wrong is called the provider's figure, and afterwards both are equal.
 */
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import { createUpstream } from '@tollgate/adapters/provider/upstream.ts';
import { startResolver } from '@tollgate/billing-api/reconciliation/resolver.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { noQuantities, toEventQuantities } from '@tollgate/domain/usage/quantities.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import type { Provider } from '@tollgate/proxy/routing/deployments.ts';
import { FairGate } from '@tollgate/proxy/routing/fair-gate.ts';
import type { DialectName } from '@tollgate/schemas/config/provider-dialects.ts';
import { NOT_BILLED_STATUSES } from '@tollgate/schemas/config/tollgate-config.ts';
import type { BillLine } from '@tollgate/simulator/bill/bill-line.ts';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

type Form = { name: string; path: string; body: object; knobsIn: 'metadata' | 'labels' };

const text = 'How much is the fish?';
const user = [{ role: 'user', content: text }];
const gemini = {
  contents: [{ parts: [{ text }] }],
  generationConfig: { maxOutputTokens: 500 },
};
const both = (name: string, path: string, body: object): Form[] =>
  [false, true].map((stream) => ({
    ...{ name: `${name}, ${stream ? 'streamed' : 'whole'}`, path, knobsIn: 'metadata' as const },
    body: stream ? { ...body, stream } : body,
  }));
const ofGemini = (name: string, action: string): Form => ({
  ...{ name, path: `/v1beta/models/sim-gemini:${action}`, body: gemini, knobsIn: 'labels' },
});

export const forms: readonly Form[] = [
  ...both('chat', '/v1/chat/completions', { model: 'sim-small', max_tokens: 500, messages: user }),
  ...both('responses', '/v1/responses', {
    model: 'sim-small',
    max_output_tokens: 500,
    input: text,
  }),
  ...both('messages', '/v1/messages', { model: 'sim-claude', max_tokens: 500, messages: user }),
  ofGemini('gemini, whole', 'generateContent'),
  ofGemini('gemini, as events', 'streamGenerateContent?alt=sse'),
  ofGemini('gemini, as an array', 'streamGenerateContent'),
];

type Knobs = Readonly<Record<string, string>>;
type Ending = { name: string; knobs: Knobs; leavesAt?: number };

const fault = (name: string, knobs: Knobs = {}): Ending => ({
  name,
  knobs: { fault: name, ...knobs },
});
const SLOW = { token_pace_ms: '3', chunk_tokens: '2', output_tokens: '60' };

/** @param leaves at which chunks of an answer a client leaves */
export const endings = (leaves: readonly number[]): readonly Ending[] => [
  { name: 'as it should', knobs: {} },
  ...['status_503', 'status_429', 'bill_then_500'].map((name) => fault(name)),
  ...['error_after:3', 'usage_missing', 'usage_twice', 'malformed_sse'].map((name) =>
    fault(name, { output_tokens: '40' }),
  ),
  ...['reset_after:0', 'reset_after:300'].map((name) => fault(name, { output_tokens: '40' })),
  ...leaves.map((leavesAt) => ({
    ...{ name: `the client leaves at chunk ${leavesAt}`, knobs: SLOW, leavesAt },
  })),
];

type Event = { id: string; usage_source: string; cost: string | null };
export type Verdict = {
  /** Calls that the provider has charged. */
  charged: number;
  /** How often the events said before the import who states what was used. */
  sources: Record<string, number>;
  wrong: string[];
  billed: string;
  /** Of all events, corrections of the import included. */
  metered: string;
};

const AT_ONCE = 12;

export async function playEveryEnding(leaves: readonly number[]): Promise<Verdict> {
  const house = await openPlatform();
  try {
    const call = await opened(house);
    const all = forms.flatMap((form) => endings(leaves).map((ending) => [form, ending] as const));
    for (let at = 0; at < all.length; at += AT_ONCE) {
      await Promise.all(all.slice(at, at + AT_ONCE).map(([form, ending]) => call(form, ending)));
    }
    return await judged(house);
  } finally {
    await house.close();
  }
}

async function opened(house: PlatformHouse) {
  const provider = (name: string, path: string, dialects: readonly DialectName[]): Provider => ({
    ...{ name, priceProvider: 'simulator', outputLimitField: 'max_tokens', asksForUsage: true },
    upstream: createUpstream({
      ...{ baseUrl: `${house.simulator.url}${path}`, apiKey: 'sk-sim', connectionsMax: 64 },
      ...{ connectTimeoutMs: 5_000, headersTimeoutMs: 20_000, bodyTimeoutMs: 20_000 },
    }),
    // The simulator can bill a call and answer 500.
    notBilledStatuses: new Set(NOT_BILLED_STATUSES.filter((status) => status !== 500)),
    connections: new FairGate(64, proxyLimits.upstreamQueueMs),
    dialects: new Set(dialects),
  });
  const providers = [
    provider('simulator', '/v1', ['openai', 'anthropic']),
    provider('google', '/v1beta', ['gemini']),
  ];
  const { url } = await house.start({ providers, models: new Map() });
  const key = await house.key(await house.customer(), 'abort');
  await house.budget(key.id, '1000.000000000000');
  return async ({ path, body, knobsIn }: Form, { knobs, leavesAt }: Ending) => {
    const steered = Object.entries(knobs).map(([name, value]) => [`sim_${name}`, value]);
    const leave = new AbortController();
    try {
      const answer = await fetch(`${url}${path}`, {
        ...{ method: 'POST', signal: leave.signal },
        headers: { authorization: `Bearer ${key.secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ ...body, [knobsIn]: Object.fromEntries(steered) }),
      });
      let chunks = 0;
      for await (const _ of answer.body ?? []) {
        if (leavesAt !== undefined && ++chunks >= leavesAt) leave.abort();
      }
    } catch {
      // It broke off, or this client left: what that cost is what is judged.
    }
  };
}

async function judged(house: PlatformHouse): Promise<Verdict> {
  const lines = await settledLines(house);
  const before = await eventsOf(house, lines);
  const wrong = lines.flatMap((line) => wrongWith(line, before.get(line.attempt_id ?? '')));
  const sources: Record<string, number> = {};
  for (const { usage_source: source } of before.values()) {
    sources[source] = (sources[source] ?? 0) + 1;
  }
  await imported(house, lines);
  const total = (costs: readonly string[]) =>
    formatDecimal12(costs.reduce((sum, cost) => sum + parseDecimal12(cost), 0n));
  const costs = await house.warehouse.query<{ cost: string }>(
    'SELECT toDecimalString(cost, 12) AS cost FROM tollgate.usage_events WHERE cost IS NOT NULL',
  );
  return {
    ...{ charged: lines.length, sources, wrong, billed: total(lines.map(({ cost }) => cost)) },
    metered: total(costs.map(({ cost }) => cost)),
  };
}

/** All lines, once no call is in flight any more. */
async function settledLines(house: PlatformHouse): Promise<BillLine[]> {
  await until('no call is in flight', async () => {
    const status = await fetch(`${house.simulator.url}/sim/status`);
    return ((await status.json()) as { calls_in_flight: number }).calls_in_flight === 0;
  });
  return house.simulator.bill();
}

async function eventsOf(house: PlatformHouse, lines: readonly BillLine[]) {
  let byId = new Map<string, Event>();
  await until('each line of the bill has its event', async () => {
    const rows = await house.warehouse.query<Event>(
      `SELECT id, usage_source, toDecimalString(cost, 12) AS cost
       FROM tollgate.usage_events WHERE type = 'attempt'`,
    );
    byId = new Map(rows.map((row) => [row.id, row]));
    return lines.every(({ attempt_id }) => byId.has(attempt_id ?? ''));
  });
  return byId;
}

/** I8: before a bill is there, what is not known is null, and what is stated is what is charged. */
function wrongWith({ attempt_id, endpoint, cost }: BillLine, event: Event | undefined): string[] {
  if (event === undefined) return [`${endpoint} ${attempt_id}: no event`];
  const { usage_source: source } = event;
  if (source === 'provider' && event.cost !== cost) {
    return [`${endpoint} ${attempt_id}: ${event.cost} is called the provider's, billed ${cost}`];
  }
  return source === 'none' && event.cost !== null ? [`${endpoint} ${attempt_id}: a guess`] : [];
}

/** The bill becomes what is known: each of the two providers has lines of its own. */
async function imported(house: PlatformHouse, lines: readonly BillLine[]): Promise<void> {
  const isGoogle = ({ endpoint }: BillLine) => /content/i.test(endpoint);
  const shares = [
    ['simulator', lines.filter((line) => !isGoogle(line))],
    ['google', lines.filter(isGoogle)],
  ] as const;
  const day = 24 * 60 * 60 * 1_000;
  const range = {
    start: new Date(Date.now() - day).toISOString(),
    end: new Date(Date.now() + day).toISOString(),
  };
  const imports = shares.map(([provider, own]) => ({
    ...{ import_id: `rec_${provider}`, provider, ...range, lines: own.length, chunks: 1 },
  }));
  for (const [provider, own] of shares) {
    const stream = `reconciliation-rec_${provider}`;
    const type = 'ReconciliationLines';
    const data = { import_id: `rec_${provider}`, chunk: 0, lines: own.map(lineOf) };
    const id = ledgerEventId(stream, type, '0');
    await house.ledger.append(stream, 'no_stream', [{ id, type, data }]);
  }
  const { ledger, log, warehouse } = house;
  const errors: string[] = [];
  const resolver = startResolver({
    ...{ ledger, log, warehouse, imports: () => imports, pollMs: 20, batchEvents: 100 },
    onError: (message, error) => errors.push(`${message}: ${error}`),
  });
  await until('nothing is left to resolve', async () => {
    const [row] = await warehouse.query<{ n: string }>(
      `SELECT toString(countIf(type = 'attempt' AND (isNull(cost) OR usage_source = 'estimated'))
         - countIf(type = 'resolution')) AS n FROM tollgate.usage_events`,
    );
    return row?.n === '0';
  });
  await resolver.stop();
  if (errors.length > 0) throw new Error(errors.join('; '));
}

function lineOf(line: BillLine) {
  const quantities = {
    ...{ ...noQuantities(), inputTokens: line.input_tokens, requests: 1 },
    ...{ cacheReadTokens: line.cache_read_tokens, outputTokens: line.output_tokens },
    reasoningTokens: line.reasoning_tokens,
  };
  return { attempt_id: line.attempt_id ?? '', ...toEventQuantities(quantities), cost: line.cost };
}
