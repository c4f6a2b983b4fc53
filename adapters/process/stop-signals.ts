/**
 * SIGTERM and SIGINT: the first drains, the second ends at once. A terminal sends Ctrl-C to all of a
 * process group, and npm passes it on to what it started, so a process may get one key press twice.
 */

export type StopSignals = {
  drain: () => void;
  endAtOnce: () => void;
  /** A second signal within this is the first one again, ms; a third never is. Default: 0. */
  echoMs?: number;
};

export function onStopSignals({ drain, endAtOnce, echoMs = 0 }: StopSignals): void {
  let firstAtMs: number | undefined;
  let echoes = 0;
  const stop = () => {
    const nowMs = performance.now();
    if (firstAtMs === undefined) {
      firstAtMs = nowMs;
      return drain();
    }
    if (nowMs - firstAtMs < echoMs && echoes++ === 0) return;
    endAtOnce();
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}
