/** A request, as far as its answer is read by it. */
export type Asked = {
  /** The model writes something. */
  readonly generates: boolean;
  /** The client did not ask for the chunk that states the usage. */
  readonly stripsUsageChunk: boolean;
  /** There is something in it to be read. */
  hasInput(): boolean;
};
