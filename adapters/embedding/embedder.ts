/** Port: a text as a vector of its meaning. */
export type Embedder = {
  /** What made the vector: those of two models do not compare. */
  readonly name: string;
  /** @returns of length 1; null: there is none, for want of time, room, or a model that reads all of it */
  embed(text: string): Promise<Float32Array | null>;
  close(): Promise<void>;
};

/** @returns of length 1; null: it has no direction, so it is like nothing, or like everything (litellm#12234) */
export function unit(vector: Float32Array): Float32Array | null {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  if (!(length > 0) || !Number.isFinite(length)) return null;
  return vector.map((value) => value / length);
}
