/** `npm run test:fuzz`: requests, answers and bodies of every dialect, as nobody sends them by accident. */
import { parseArgs } from 'node:util';
import { LOOP_BLOCKED_MS_MAX, RSS_MIB_MAX } from '../attacks/bodies/bounds.ts';
import { fuzzBodies } from '../attacks/bodies/fuzz.ts';
import { type FuzzReport, fuzzRequests } from './requests.ts';
import { smuggleMutated, smuggleNamed } from './smuggling/smuggling.ts';
import { openSmugglingStage } from './smuggling/stage.ts';
import { fuzzStreams } from './streams.ts';

const PARTS = ['requests', 'streams', 'smuggling', 'bodies'] as const;
type Part = (typeof PARTS)[number];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    requests: { type: 'string', default: '200000' },
    streams: { type: 'string', default: '1000000' },
    smuggling: { type: 'string', default: '20000' },
    bodies: { type: 'string', default: '100000' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`Usage: npm run test:fuzz -- [options]

  --only PART       requests, streams, smuggling or bodies; all of them unless told
  --requests N      requests of every endpoint with things wrong in them, read as the proxy reads them (200000)
  --streams N       answers of every dialect, odd, cut off and in any pieces, through their readers (1000000)
  --smuggling N     calls with other bytes in them than they had, behind every odd frame that has a name (20000)
  --bodies N        bodies of up to 16 MB by a grammar, sent to the proxy's app (100000)
  --seed N          the same seed makes the same cases (1)

Fails if anything throws, if an answer was our failure, if bytes are relayed otherwise than they came, if a
total is stated that nobody stated, if a provider sees two requests of one, or a part of another; of bodies, if one thing kept the event loop for more than
${LOOP_BLOCKED_MS_MAX} ms or the process took more than ${RSS_MIB_MAX} MiB.`);
  process.exit(0);
}
const chosen = PARTS.filter((part) => values.only === undefined || values.only === part);
if (chosen.length === 0) {
  console.error(`--only: one of ${PARTS.join(', ')}`);
  process.exit(2);
}

/** How often it says how far it is, ms. */
const SAID_EVERY_MS = 10_000;
const seed = Number(values.seed);

/** Says how far it is, now and then. */
function speaker(part: Part, cases: number): (done: number, more?: string) => void {
  const startedAtMs = performance.now();
  let saidAtMs = startedAtMs;
  return (done, more = '') => {
    const nowMs = performance.now();
    if (nowMs - saidAtMs < SAID_EVERY_MS) return;
    saidAtMs = nowMs;
    const perSecond = done / ((nowMs - startedAtMs) / 1000);
    console.error(`${part}: ${done} of ${cases}, ${perSecond.toFixed(0)} a second${more}`);
  };
}

function sayCases(part: Part, { cases, outcomes, wrong }: FuzzReport): number {
  const sorted = Object.fromEntries(Object.entries(outcomes).sort());
  console.log(JSON.stringify({ part, cases, outcomes: sorted, wrong: wrong.length }, null, 2));
  for (const text of wrong) console.log(text);
  return wrong.length;
}

async function saySmuggling(cases: number): Promise<number> {
  const stage = await openSmugglingStage();
  const named = sayCases('smuggling', await smuggleNamed(stage));
  const say = speaker('smuggling', cases);
  const mutated = sayCases('smuggling', await smuggleMutated(stage, cases, seed, say));
  await stage.close();
  return named + mutated;
}

const isOurFailure = (answer: string) => /^(internal_error|status 5\d\d)$/.test(answer);

async function sayBodies(cases: number): Promise<number> {
  const say = speaker('bodies', cases);
  const report = await fuzzBodies(cases, seed, (done, { worstMs, rssMib }) =>
    say(done, `; kept for at most ${worstMs.toFixed(1)} ms, at most ${rssMib.toFixed(0)} MiB`),
  );
  console.log(JSON.stringify({ part: 'bodies', ...report }, null, 2));
  const isWrong =
    report.worstMs > LOOP_BLOCKED_MS_MAX ||
    report.rssMib > RSS_MIB_MAX ||
    report.inFlight > 0 ||
    Object.keys(report.answers).some(isOurFailure);
  return isWrong ? 1 : 0;
}

const run: Readonly<Record<Part, (cases: number) => number | Promise<number>>> = {
  requests: (cases) => sayCases('requests', fuzzRequests(cases, seed, speaker('requests', cases))),
  streams: (cases) => sayCases('streams', fuzzStreams(cases, seed, speaker('streams', cases))),
  smuggling: saySmuggling,
  bodies: sayBodies,
};

let failed = 0;
for (const part of chosen) {
  const startedAtMs = performance.now();
  const wrong = await run[part](Number(values[part]));
  if (wrong > 0) failed++;
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  console.log(
    `${part}: ${values[part]} cases in ${seconds} s, ${wrong === 0 ? 'passed' : 'FAILED'}`,
  );
}
console.log(`${chosen.length - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed === 0 ? 0 : 1);
