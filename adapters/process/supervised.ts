/**
 * The child's side of supervision (docs/design.md, Processes and files): it beats while its event
 * loop turns, ends when its supervisor does, and drains on SIGTERM or when its supervisor says so.
 * What it measures it tells its supervisor, who answers with what all of them measured. Works without
 * a supervisor too.
 */
import { type Family, metricsText } from '../metrics/families.ts';
import { processFamilies } from '../metrics/process-families.ts';
import type { FromChild, ToChild } from './child-messages.ts';
import { SharedRuns } from './shared-runs.ts';
import { onStopSignals } from './stop-signals.ts';

/** The supervisor kills a child that has not beaten for ten of these. */
const BEAT_MS = 500;
/** How long the supervisor may take to say what all have measured, ms: scrapers wait for ten. */
const METRICS_WAIT_MS = 5_000;

export type Supervised = {
  /** Tells the supervisor that this child is ready, and at which address. */
  ready(fields: Record<string, string | number>): void;
  /**
   * Prometheus text of all processes of the installation; without a supervisor, of this one.
   *
   * @throws Error if the supervisor does not answer
   */
  metrics(): Promise<string>;
};

export type SupervisedOptions = {
  onStop: () => Promise<void>;
  /** After this the process ends, even if `onStop` has not returned. */
  drainTimeoutMs: number;
  /** Its name among the processes, if nobody supervises it. */
  name: string;
  /** What it measures besides what every process does. */
  families: () => Family[] | Promise<Family[]>;
};

/** Ends the process with 2 and tells the supervisor why a restart would not help. */
export function cannotRun(reason: string): Promise<never> {
  const { promise } = Promise.withResolvers<never>();
  const end = () => process.exit(2);
  if (process.connected) tell({ type: 'cannot_run', reason }, end);
  else process.stderr.write(`${reason}\n`, end);
  return promise;
}

function tell(message: FromChild, done: () => void = () => undefined): void {
  if (process.connected) process.send?.(message, done);
}

export function supervised(options: SupervisedOptions): Supervised {
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => process.exit(1), options.drainTimeoutMs).unref();
    options.onStop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  const families = async () => [...(await options.families()), ...processFamilies()];
  let told: (text: string) => void = () => undefined;
  onStopSignals({ drain: stop, endAtOnce: () => process.exit(1) });
  // A message, not a signal: whatever signalled the supervisor may have signalled this process too,
  // and that would be its second.
  process.on('message', (message: ToChild) => {
    if (message.type === 'stop') stop();
    if (message.type === 'metrics') told(message.text);
    if (message.type === 'families_wanted') {
      // A part that fails is not measured: the supervisor keeps what was last known of this process.
      families().then(
        (measured) => tell({ type: 'families', families: measured }),
        () => tell({ type: 'families', families: null }),
      );
    }
  });
  // The supervisor may have gone while our stores were being opened, when nobody listened.
  if (process.send !== undefined && !process.connected) process.exit(1);
  process.on('disconnect', () => process.exit(1));
  setInterval(() => tell({ type: 'beat' }), BEAT_MS).unref();
  const asked = new SharedRuns(async () => {
    if (process.send === undefined) {
      return metricsText([{ process: options.name, families: await families() }]);
    }
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    told = resolve;
    const late = setTimeout(
      () => reject(new Error('the supervisor does not answer')),
      METRICS_WAIT_MS,
    );
    tell({ type: 'metrics_wanted' });
    return promise.finally(() => clearTimeout(late));
  });
  return {
    ready: (fields) => tell({ type: 'ready', ...fields }),
    metrics: () => asked.get(),
  };
}
