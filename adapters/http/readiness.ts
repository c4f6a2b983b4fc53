/**
 * Whether a process can do its work now, and why not: what `/readyz` of every server of ours answers.
 * Internal details stay inside; the caller learns only which part is at fault.
 */
import { statfs } from 'node:fs/promises';

export type Health = {
  /** False takes the process out of a load balancer; it stays alive. */
  ready: boolean;
  /** What was checked, each with `ok`, a figure, or what is wrong with it. */
  checks: Record<string, string>;
};

/** A part is at fault; the text is public. */
export class Fault extends Error {}

/** @returns a figure or `ok`. @throws Fault, or any error: the part does not answer */
export type Check = () => Promise<string> | string;

/** How long one check may take, ms; longer is no answer. */
const CHECK_TIMEOUT_MS = 5_000;
/** How long an answer is given again, ms: anybody may ask, and the stores have other work. */
const KEPT_MS = 1_000;

/** Asks all parts at once, bounded in time and in how often, however many ask. */
export function healthOf(
  checks: Readonly<Record<string, Check>>,
  timeoutMs = CHECK_TIMEOUT_MS,
  keptMs = KEPT_MS,
): () => Promise<Health> {
  let asked: Promise<Health> | undefined;
  let askedAtMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (asked === undefined || nowMs - askedAtMs >= keptMs) {
      askedAtMs = nowMs;
      asked = askAll(checks, timeoutMs);
    }
    return asked;
  };
}

async function askAll(checks: Readonly<Record<string, Check>>, timeoutMs: number): Promise<Health> {
  let ready = true;
  const answers = await Promise.all(
    Object.entries(checks).map(async ([name, check]) => {
      const { ok, text } = await answerOf(check, timeoutMs);
      if (!ok) ready = false;
      return [name, text] as const;
    }),
  );
  return { ready, checks: Object.fromEntries(answers) };
}

async function answerOf(check: Check, timeoutMs: number): Promise<{ ok: boolean; text: string }> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error('late')), timeoutMs);
  try {
    return { ok: true, text: await Promise.race([Promise.resolve().then(check), late]) };
  } catch (error) {
    return { ok: false, text: error instanceof Fault ? error.message : 'does not answer' };
  } finally {
    clearTimeout(timer);
  }
}

/** @throws Fault if a store could not grow here any more. @param bytesMin that have to be free */
export async function checkDisk(folder: string, bytesMin: number): Promise<string> {
  const { bavail, bsize } = await statfs(folder);
  if (bavail * bsize < bytesMin) throw new Fault('full');
  return 'ok';
}

/** Notices that a worker stays where it is, although there is something to do. */
export class Progress {
  readonly #stalledMs: number;
  #at: bigint | null = null;
  #sinceMs: number | null = null;

  constructor(stalledMs: number) {
    this.#stalledMs = stalledMs;
  }

  /**
   * @param at how far the worker is
   * @param left how much there is to do
   * @throws Fault if it was nowhere else for too long
   */
  look(at: bigint, left: bigint, nowMs: number): string {
    const moves = this.#at === null || at !== this.#at;
    if (left <= 0n) this.#sinceMs = null;
    else if (this.#sinceMs === null || moves) this.#sinceMs = nowMs;
    this.#at = at;
    // seam: standstill-is-a-fault
    if (this.#sinceMs !== null && nowMs - this.#sinceMs >= this.#stalledMs) {
      throw new Fault(`does not advance, ${left} records left`);
    }
    return String(left);
  }
}
