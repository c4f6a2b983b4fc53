/**
 * Vectors by a model on this machine (ONNX). Its runtime is no dependency of Tollgate: it has 290 MB, and most
 * installations do without. Who wants it installs it.
 *
 * It runs in a process of its own, one text at a time: the runtime aborts the whole process when its thread is
 * ended during its work, and a model that takes too long has to be ended.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Embedder } from './embedder.ts';
import { openRuntime } from './onnx-runtime.ts';

export type OnnxSettings = {
  /** Path of a sentence model that takes `input_ids` and `attention_mask`. */
  model: string;
  /** Path of its `vocab.txt`. */
  vocabulary: string;
};

/** Tokens: what more a text has, such models were not made for. */
const TOKENS_MAX = 256;
/** Texts that wait for the process; with one more, it is not embedded. */
const WAITING_MAX = 64;
/** For one text, ms, the process's start included. The longest takes some 50. */
const TIMEOUT_MS = 10_000;
/** After a process has ended by itself or was ended, none is started for so long, ms. */
const REST_MS = 10_000;

/** @throws Error that says what to install, or which file cannot be read */
export function openOnnxEmbedder({ model, vocabulary }: OnnxSettings): Embedder {
  openRuntime();
  const digest = createHash('sha256');
  digest.update(read(model, 'model')).update(read(vocabulary, 'vocabulary'));
  return new OnnxEmbedder(`onnx:${digest.digest('hex')}`, [model, vocabulary, String(TOKENS_MAX)]);
}

function read(path: string, what: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new Error(`cache.embeddings.local.${what}: ${path} cannot be read`, { cause });
  }
}

type Answer = { vector: Float32Array | null };

class OnnxEmbedder implements Embedder {
  readonly name: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #restsUntilMs = 0;
  #waiting = 0;
  #turn: Promise<unknown> = Promise.resolve();
  /** Ends what is asked of the process. */
  #answer: ((vector: Float32Array | null) => void) | undefined;
  #isClosed = false;

  constructor(name: string, args: readonly string[]) {
    this.name = name;
    this.#args = args;
  }

  embed(text: string): Promise<Float32Array | null> {
    if (this.#waiting >= WAITING_MAX) return Promise.resolve(null);
    this.#waiting++;
    const vector = this.#turn.then(() => this.#ask(text));
    const done = () => {
      this.#waiting--;
    };
    // A failure is the asker's: the next turn comes all the same.
    this.#turn = vector.then(done, done);
    return vector;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#child?.kill('SIGKILL');
    await this.#turn;
  }

  #ask(text: string): Promise<Float32Array | null> {
    if (this.#isClosed || performance.now() < this.#restsUntilMs) return Promise.resolve(null);
    const child = this.#child ?? this.#open();
    return new Promise((resolve) => {
      const late = setTimeout(() => child.kill('SIGKILL'), TIMEOUT_MS);
      this.#answer = (vector) => {
        clearTimeout(late);
        this.#answer = undefined;
        resolve(vector);
      };
      // What cannot be sent has no process any more: 'exit' follows.
      child.send(text, () => undefined);
    });
  }

  #open(): ChildProcess {
    const module = new URL('./onnx-main.ts', import.meta.url);
    const child = fork(module, this.#args, { serialization: 'advanced' });
    this.#child = child;
    child.on('message', ({ vector }: Answer) => this.#answer?.(vector));
    const ended = () => {
      if (this.#child === child) this.#child = undefined;
      this.#restsUntilMs = performance.now() + REST_MS;
      this.#answer?.(null);
    };
    child.on('exit', ended);
    // It could not be started.
    child.on('error', ended);
    // Nothing waits for it: it ends with its parent.
    child.unref();
    child.channel?.unref();
    return child;
  }
}
