/** Hostile bodies against the proxy's app, and what they did to it. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { hostileBodies } from './grammar.ts';

export type FuzzReport = {
  bodies: number;
  bytes: number;
  /** How often each answer came: an error code, a status, or `reset`. */
  answers: Record<string, number>;
  /** The longest that one thing kept the event loop, ms of the main thread; and in which shape. */
  worstMs: number;
  worstShape: string;
  rssMib: number;
  /** Calls in flight when nothing was sent any more. */
  inFlight: number;
};

type Said = { worstMs: number; rssMib: number; inFlight: number };

const CONNECTIONS = 4;

/** @param progress is told how many bodies are done, and what they did so far */
export async function fuzzBodies(
  count: number,
  seed: number,
  progress: (done: number, soFar: FuzzReport) => void = () => undefined,
): Promise<FuzzReport> {
  const child = fork(new URL('./house-main.ts', import.meta.url), { stdio: 'inherit' });
  const ask = async (): Promise<Said> => {
    child.send('how is it?');
    const [said] = await once(child, 'message');
    return said as Said;
  };
  try {
    const [{ port, secret }] = (await once(child, 'message')) as [{ port: number; secret: string }];
    const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
    const next = hostileBodies(seed);
    const report: FuzzReport = {
      ...{ bodies: count, bytes: 0, answers: {}, worstMs: 0, worstShape: '', rssMib: 0 },
      inFlight: 0,
    };
    // What loads at the first body of each kind is no body's fault.
    const warm = hostileBodies(seed + 1);
    for (let i = 0; i < 40; i++) await send({ port, secret, agent }, warm());
    await ask();
    for (let done = 0; done < count; ) {
      const bodies = Array.from({ length: Math.min(CONNECTIONS, count - done) }, next);
      const answers = await Promise.all(bodies.map((body) => send({ port, secret, agent }, body)));
      for (const answer of answers) report.answers[answer] = (report.answers[answer] ?? 0) + 1;
      const { worstMs, rssMib } = await ask();
      if (worstMs > report.worstMs) {
        report.worstMs = worstMs;
        report.worstShape = bodies
          .map(({ shape, bytes }) => `${shape} (${bytes.length})`)
          .join('; ');
      }
      report.rssMib = Math.max(report.rssMib, rssMib);
      report.bytes += bodies.reduce((sum, { bytes }) => sum + bytes.length, 0);
      done += bodies.length;
      progress(done, report);
    }
    agent.destroy();
    report.inFlight = (await ask()).inFlight;
    return report;
  } finally {
    child.disconnect();
  }
}

type Target = { port: number; secret: string; agent: Agent };

/** As each dialect has it: Google's errors name their reason. */
const codeIn = (text: string): string | undefined =>
  /"(?:code|reason)":"(\w+)"/.exec(text)?.[1]?.toLowerCase();

/** @returns the error code of the answer, or how it failed */
function send(
  { port, secret, agent }: Target,
  { path, bytes }: { path: string; bytes: Buffer },
): Promise<string> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    const options = { port, path, method: 'POST', agent, headers };
    const sent = request(options, (answer) => {
      let text = '';
      answer.on('data', (chunk) => {
        text += chunk;
      });
      const end = () => resolve(codeIn(text) ?? `status ${answer.statusCode}`);
      answer.once('end', end).once('error', end);
    });
    sent.once('error', () => resolve('reset'));
    sent.end(bytes);
  });
}
