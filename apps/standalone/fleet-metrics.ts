/**
 * One picture of all processes of an installation: whichever of them is asked for its metrics gets the
 * text that is made here, so a scrape never jumps from process to process, however many share a port.
 *
 * Every sample has the process that it is of. A process that died and was started again goes on where
 * the last look found it: its counters begin at what its predecessors had, and never go back. What a
 * killed process counted after the last look is not known; the bill is not made of this.
 */
import { pause } from '@tollgate/adapters/backoff/backoff.ts';
import {
  type Family,
  type Measured,
  metricsText,
  type Sample,
  single,
} from '@tollgate/adapters/metrics/families.ts';
import { processFamilies } from '@tollgate/adapters/metrics/process-families.ts';
import { SharedRuns } from '@tollgate/adapters/process/shared-runs.ts';
import type { Child } from './child.ts';
import { supervisorLimits } from './limits.ts';

export type Member = Pick<Child, 'name' | 'pid' | 'restarts' | 'families'>;

/** What ended processes had counted of one family, by suffix and labels. */
type Ended = Omit<Family, 'samples'> & { samples: Map<string, Sample> };

/** One process of the installation, through all its restarts. */
class Watched {
  readonly #member: Member;
  readonly #ended = new Map<string, Ended>();
  #endedSamples = 0;
  /** What was last heard, and the process that said it. */
  #pid: number | null = null;
  #last: readonly Family[] = [];

  constructor(member: Member) {
    this.#member = member;
  }

  async look(): Promise<Measured> {
    const { name, pid } = this.#member;
    const heard = await this.#member.families(supervisorLimits.metricsAnswerMs);
    if (heard !== null) {
      if (pid !== this.#pid) for (const family of this.#last) this.#addEnded(family);
      this.#pid = pid;
      this.#last = heard;
    }
    const families = (heard ?? this.#last.filter(isCounted)).map((family) => this.#whole(family));
    return { process: name, families: [...families, ...this.#ofSupervision(heard !== null)] };
  }

  #addEnded({ samples, ...family }: Family): void {
    if (!isCounted(family)) return;
    const ended = this.#ended.get(family.name) ?? { ...family, samples: new Map() };
    this.#ended.set(family.name, ended);
    for (const [suffix, labels, value] of samples) {
      const id = idOf(suffix, labels);
      const known = ended.samples.get(id);
      if (known === undefined && this.#endedSamples++ >= supervisorLimits.endedSamplesMax) continue;
      // seam: counts-of-the-dead-are-kept
      ended.samples.set(id, [suffix, labels, (known?.[2] ?? 0) + value]);
    }
  }

  /** With what ended processes had counted, also under labels that this one has not met yet. */
  #whole(family: Family): Family {
    const ended = this.#ended.get(family.name);
    if (ended === undefined) return family;
    const left = new Map(ended.samples);
    const samples = family.samples.map(([suffix, labels, value]): Sample => {
      const id = idOf(suffix, labels);
      const before = left.get(id)?.[2] ?? 0;
      left.delete(id);
      return [suffix, labels, before + value];
    });
    return { ...family, samples: [...samples, ...left.values()] };
  }

  #ofSupervision(answers: boolean): Family[] {
    return [
      single(
        'tollgate_process_up',
        'gauge',
        '1 if the process answered the look that made this text, else 0.',
        answers ? 1 : 0,
      ),
      single(
        'tollgate_process_restarts_total',
        'counter',
        'How often the process was started again after it had ended.',
        this.#member.restarts,
      ),
    ];
  }
}

export class FleetMetrics {
  readonly #watched: readonly Watched[];
  readonly #looks: SharedRuns<string>;
  #lookedAtMs = Number.NEGATIVE_INFINITY;

  constructor(members: readonly Member[]) {
    this.#watched = members.map((member) => new Watched(member));
    this.#looks = new SharedRuns(() => this.#look());
    // A process that nobody scrapes may be killed too.
    setInterval(() => void this.#looks.get(), supervisorLimits.metricsLookMs).unref();
  }

  /** Prometheus text of all of them, not older than the question. */
  text(): Promise<string> {
    return this.#looks.get();
  }

  async #look(): Promise<string> {
    const restMs = this.#lookedAtMs + supervisorLimits.metricsRestMs - performance.now();
    if (restMs > 0) await pause(restMs);
    const measured = await Promise.all(this.#watched.map((one) => one.look()));
    this.#lookedAtMs = performance.now();
    return metricsText([{ process: 'supervisor', families: processFamilies() }, ...measured]);
  }
}

function isCounted({ type }: Pick<Family, 'type'>): boolean {
  return type !== 'gauge';
}

function idOf(suffix: string, labels: string): string {
  return `${suffix}{${labels}}`;
}
