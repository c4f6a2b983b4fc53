/** The runtime of ONNX models, as far as it is used here; it is installed by who wants it. */
import { createRequire } from 'node:module';

/** Of `onnxruntime-node`. */
type Tensor = { data: Float32Array; dims: readonly number[] };
export type Session = {
  inputNames: readonly string[];
  outputNames: readonly string[];
  run(feeds: Record<string, unknown>): Promise<Record<string, Tensor>>;
};
export type Runtime = {
  InferenceSession: { create(path: string, options: object): Promise<Session> };
  Tensor: new (type: 'int64', data: BigInt64Array, dims: readonly number[]) => unknown;
};

const PACKAGE = 'onnxruntime-node';

const require = createRequire(import.meta.url);

/** @throws Error that says how to install it */
export function openRuntime(name = PACKAGE): Runtime {
  return installed(name, () => require(name) as Runtime);
}

/** Loads nothing. @throws as `openRuntime` */
export function findRuntime(name = PACKAGE): void {
  installed(name, () => require.resolve(name));
}

function installed<T>(name: string, look: () => T): T {
  try {
    return look();
  } catch (cause) {
    const install = `ONNXRUNTIME_NODE_INSTALL=skip npm install --no-save ${name}`;
    const message = `cache.embeddings.local needs the package ${name}: ${install}`;
    throw new Error(message, { cause });
  }
}
