/** The one error of every warehouse. */
export class WarehouseError extends Error {
  /** ClickHouse's own code, where it has one; else one of the transport's or of ours, in letters. */
  readonly code: string;
  constructor(code: string, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}
