/**
 * The harness's side of the points: arms them, and learns which were reached, when, and by which
 * process.
 */
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export type Arming = {
  id: string;
  point: string;
  signal: 'SIGKILL' | 'SIGSTOP';
  /** How often a process passes the point before the fault strikes. */
  skip: number;
  /** Only in this process; absent: in the first one that reaches the point. */
  pid?: number;
};

export type Reached = { pid: number; atMs: number };

export class Armory {
  readonly folder: string;
  #armed: Arming[] = [];
  #next = 1;

  constructor(folder: string) {
    mkdirSync(folder, { recursive: true });
    this.folder = folder;
    this.#save();
  }

  arm(wanted: Omit<Arming, 'id'>): Arming {
    const arming = { id: `f${this.#next++}`, ...wanted };
    this.#armed.push(arming);
    this.#save();
    return arming;
  }

  disarm({ id }: Arming): void {
    this.#armed = this.#armed.filter((arming) => arming.id !== id);
    this.#save();
  }

  /** Null if no process has reached the point yet. */
  reached({ id }: Arming): Reached | null {
    const file = join(this.folder, `${id}.reached`);
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) return null;
    return JSON.parse(readFileSync(file, 'utf8')) as Reached;
  }

  /** Writes the whole file under another name and renames it: a reader never sees half a file. */
  #save(): void {
    const file = join(this.folder, 'armed.json');
    writeFileSync(`${file}.new`, JSON.stringify(this.#armed));
    renameSync(`${file}.new`, file);
  }
}
