/** Structured logs on standard error, one JSON line each. No bodies, no headers, no secrets (I12). */

export type JsonLogger = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

/** @param say where a line goes, with its line feed; default: standard error */
export function createJsonLogger(
  name: string,
  say: (line: string) => void = (line) => process.stderr.write(line),
): JsonLogger {
  const write = (level: string) => (fields: object, message: string) => {
    const line = { time: new Date().toISOString(), level, name, message, ...plain(fields) };
    say(`${JSON.stringify(line)}\n`);
  };
  return { info: write('info'), warn: write('warn'), error: write('error') };
}

/** An error's message, code and stack. Anything else that a library attaches to it stays out. */
function plain(fields: object): object {
  const { err, ...rest } = fields as { err?: unknown };
  if (err === undefined) return rest;
  if (!(err instanceof Error)) return { ...rest, err: String(err) };
  const cause = err.cause instanceof Error ? err.cause.message : undefined;
  const code = (err as Error & { code?: string }).code;
  return { ...rest, err: { message: err.message, code, cause, stack: err.stack } };
}
