/** For an answer that is worth giving without what a slow or absent store has to say. */
export async function answeredIn<T>(
  waitMs: number,
  ask: () => Promise<T>,
  onError: (error: unknown) => void,
): Promise<T | null> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`not within ${waitMs} ms`)), waitMs);
  try {
    return await Promise.race([ask(), late]);
  } catch (error) {
    onError(error);
    return null;
  } finally {
    clearTimeout(timer);
  }
}
