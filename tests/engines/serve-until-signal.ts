/** What the engines' mains share: a port from the command line, and the end by a signal. */

/** @returns the port, 0 for any; ends the process with the usage if it is none */
export function portOf(text: string, usage: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  console.error(`--port ${text} is no port. Usage: ${usage}`);
  process.exit(1);
}

/** Stops at SIGTERM or SIGINT; the exit code tells whether it stopped as it should. */
export function stopAtSignal(stop: () => Promise<void>): void {
  const end = () => {
    stop().then(
      () => process.exit(0),
      (error) => {
        console.error(error);
        process.exit(1);
      },
    );
  };
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}

/**
 * Prints its address in one line of JSON, for the process that started it, and stops at a signal.
 */
export function serveUntilSignal(said: object, stop: () => Promise<void>): void {
  stopAtSignal(stop);
  console.log(JSON.stringify(said));
}
