/** How the runtime of a proxy is started. Its image says the same (deploy/docker/proxy.Dockerfile). */

/**
 * MiB of each half of the young generation. With V8's default of 16 the objects of calls in flight grow
 * old, and full collections took 8 % of a proxy's time; 64 were slower than 32.
 */
const YOUNG_SPACE_MIB = 32;

export const proxyNodeArgs: readonly string[] = [`--max-semi-space-size=${YOUNG_SPACE_MIB}`];
