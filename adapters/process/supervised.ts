/**
 * The child's side of supervision (docs/design.md, Processes and files): it beats while its event
 * loop turns, ends when its supervisor does, and drains on SIGTERM or when its supervisor says so.
 * Works without a supervisor too.
 */
import { onStopSignals } from './stop-signals.ts';

/** The supervisor kills a child that has not beaten for ten of these. */
const BEAT_MS = 500;

export type Supervised = {
  /** Tells the supervisor that this child is ready, and at which address. */
  ready(fields: Record<string, string | number>): void;
};

/** Ends the process with 2 and tells the supervisor why a restart would not help. */
export function cannotRun(reason: string): Promise<never> {
  const { promise } = Promise.withResolvers<never>();
  const end = () => process.exit(2);
  process.stderr.write(`${reason}\n`);
  if (process.connected) process.send?.({ type: 'cannot_run', reason }, end);
  else end();
  return promise;
}

/** @param drainTimeoutMs after this the process ends, even if `onStop` has not returned */
export function supervised(options: {
  onStop: () => Promise<void>;
  drainTimeoutMs: number;
}): Supervised {
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
  onStopSignals({ drain: stop, endAtOnce: () => process.exit(1) });
  // A message, not a signal: whatever signalled the supervisor may have signalled this process too,
  // and that would be its second.
  process.on('message', (message: { type?: string }) => {
    if (message.type === 'stop') stop();
  });
  // The supervisor may have gone while our stores were being opened, when nobody listened.
  if (process.send !== undefined && !process.connected) process.exit(1);
  process.on('disconnect', () => process.exit(1));
  const send = (message: object) => {
    if (process.connected) process.send?.(message);
  };
  setInterval(() => send({ type: 'beat' }), BEAT_MS).unref();
  return { ready: (fields) => send({ type: 'ready', ...fields }) };
}
