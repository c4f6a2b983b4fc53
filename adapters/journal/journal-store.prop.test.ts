/**
 * What a journal's files contain, whatever happens to them. A model of the same writes in plain
 * collections is compared with the journal after it was reopened, after a cut at any byte, and in
 * files that are used for the second time.
 */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GroupWriter } from './journal-codec.ts';
import { copyJournal } from './journal-copy.ts';
import { JournalFolder } from './journal-folder.ts';
import { replayNewest } from './journal-replay.ts';
import { JournalDamaged } from './journal-segment.ts';
import { JournalStore } from './journal-store.ts';
import type { JournalContents, JournalWrite } from './journal-writes.ts';

/** So small that a run goes through many segments and reuses their files. */
const SEGMENT_BYTES = 2_000;
const LEASE = 'lse_1';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-journal-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function groupOf(writes: readonly JournalWrite[]): Buffer {
  const group = new GroupWriter();
  for (const write of writes) group.add(write);
  const { buffer, lengthBytes } = group.end();
  return Buffer.from(buffer, 0, lengthBytes);
}

const GRANT: JournalWrite[] = [
  {
    op: 'lease_requested',
    request: {
      leaseId: LEASE,
      stream: 'budget-b@x',
      expectedRevision: '4',
      eventId: 'e',
      amount: 10n ** 20n,
      opening: null,
    },
  },
  { op: 'lease_granted', leaseId: LEASE },
];

/** The journal's rules in their plainest form. */
class Model {
  readonly started = new Map<string, string>();
  readonly outbox: { seq: number; text: string }[] = [];
  spent = 0n;
  #seq = 0;

  apply(write: JournalWrite): void {
    if (write.op === 'started') this.started.set(write.attemptId, write.event);
    if (write.op === 'finished') {
      this.started.delete(write.attemptId);
      for (const { amount } of write.charges) this.spent += amount;
    }
    if (write.op === 'finished' || write.op === 'recorded') {
      this.outbox.push({ seq: ++this.#seq, text: write.event });
    }
    if (write.op === 'shipped') {
      while ((this.outbox[0]?.seq ?? Infinity) <= write.uptoSeq) this.outbox.shift();
    }
  }

  get sight() {
    return {
      unfinished: [...this.started].map(([attemptId, event]) => ({ attemptId, event })),
      spent: this.spent,
      outbox: this.outbox.map(({ seq, text }) => `${seq} ${text}`),
    };
  }
}

function sightOf(store: JournalStore): Model['sight'] {
  const { unfinished, leases }: JournalContents = store.contents();
  const { seqs, lengths, values } = store.outbox(1_000);
  const outbox: string[] = [];
  let at = 0;
  for (const [index, length] of lengths.entries()) {
    outbox.push(`${seqs[index]} ${Buffer.from(values).toString('utf8', at, at + length)}`);
    at += length;
  }
  expect(store.outboxRecords).toBe(outbox.length);
  return { unfinished, spent: leases[0]?.spent ?? 0n, outbox };
}

type Step = {
  writes: number;
  ship: number;
  pageLimit: number;
  reopen: boolean;
  eventBytes: number;
};

const step: fc.Arbitrary<Step> = fc.record({
  writes: fc.integer({ min: 1, max: 6 }),
  /** How many waiting records are shipped first. */
  ship: fc.integer({ min: 0, max: 8 }),
  pageLimit: fc.integer({ min: 1, max: 9 }),
  reopen: fc.boolean(),
  eventBytes: fc.integer({ min: 0, max: 400 }),
});

/** Groups as a proxy makes them: attempts start, end several groups later, are shipped in order. */
class Script {
  #ids = 0;
  readonly #open: string[] = [];

  group(step: Step, waiting: readonly { seq: number }[]): JournalWrite[] {
    const writes: JournalWrite[] = [];
    const shipped = waiting[Math.min(step.ship, waiting.length) - 1];
    if (shipped !== undefined) writes.push({ op: 'shipped', uptoSeq: shipped.seq });
    for (let i = 0; i < step.writes; i++) writes.push(this.#write(step, i));
    return writes;
  }

  #write({ eventBytes }: Step, turn: number): JournalWrite {
    const id = `attempt ${String(++this.#ids).padStart(6, '0')}`;
    const event = `${id} ${'x'.repeat(eventBytes)}`;
    if (turn % 3 === 2) return { op: 'recorded', partition: 3, event };
    if (this.#open.length < 3 || turn % 3 === 0) {
      this.#open.push(id);
      return { op: 'started', attemptId: id, event };
    }
    const attemptId = this.#open.shift() as string;
    const charges = [{ leaseId: LEASE, amount: BigInt(this.#ids) }];
    return { op: 'finished', attemptId, partition: 1, event: `${attemptId} done`, charges };
  }
}

function newestFile(path: string): string {
  return join(path, readdirSync(path).sort().at(-1) as string);
}

function textsOf(lengths: Int32Array, values: Uint8Array): string[] {
  let at = 0;
  return Array.from(lengths, (length) => {
    at += length;
    return Buffer.from(values).toString('utf8', at - length, at);
  });
}

/** Records that contain their own number. At any time the last few of them wait for the log. */
const COPY_WRITER = `
  const { parentPort, workerData } = require('node:worker_threads');
  (async () => {
    const { GroupWriter } = await import('${new URL('./journal-codec.ts', import.meta.url)}');
    const { JournalStore } = await import('${new URL('./journal-store.ts', import.meta.url)}');
    const store = new JournalStore(workerData.path, ${SEGMENT_BYTES});
    for (let n = 1; ; n++) {
      const group = new GroupWriter();
      group.add({ op: 'recorded', partition: 0, event: String(n) });
      if (n > 40) group.add({ op: 'shipped', uptoSeq: n - 40 });
      const { buffer, lengthBytes } = group.end();
        store.apply(Buffer.from(buffer, 0, lengthBytes));
      if (n > 400) parentPort.postMessage(n);
    }
  })();`;

describe('a journal', () => {
  it('I1, I3, I9: has the state of its writes after every reopening, over many segments', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const path = join(mkdtempSync(join(folder, 'run-')), 'a.journal');
        let store = new JournalStore(path, SEGMENT_BYTES);
        store.apply(groupOf(GRANT));
        const model = new Model();
        const script = new Script();
        for (const one of steps) {
          const writes = script.group(one, model.outbox);
          store.apply(groupOf(writes));
          for (const write of writes) model.apply(write);
          const page = store.outbox(one.pageLimit);
          expect([...page.seqs]).toEqual(model.outbox.slice(0, one.pageLimit).map((r) => r.seq));
          if (one.reopen) {
            store.close();
            store = new JournalStore(path, SEGMENT_BYTES);
          }
          expect(sightOf(store)).toEqual(model.sight);
        }
        store.close();
      }),
      { numRuns: 40 },
    );
  });

  it('I9: loses at a cut what was not acknowledged, and nothing else', () => {
    const path = join(folder, 'a.journal');
    const store = new JournalStore(path);
    store.apply(groupOf(GRANT));
    const model = new Model();
    const script = new Script();
    const ends: { bytes: number; sight: Model['sight'] }[] = [];
    const file = newestFile(path);
    const take = { writes: 4, ship: 1, pageLimit: 1, reopen: false, eventBytes: 5 };
    for (let i = 0; i < 6; i++) {
      ends.push({ bytes: statSync(file).size, sight: structuredClone(model.sight) });
      const writes = script.group(take, model.outbox);
      store.apply(groupOf(writes));
      for (const write of writes) model.apply(write);
    }
    store.close();
    for (let cut = ends[0]?.bytes ?? 0; cut < statSync(file).size; cut += 7) {
      const copy = join(mkdtempSync(join(folder, 'cut-')), 'a.journal');
      cpSync(path, copy, { recursive: true });
      truncateSync(newestFile(copy), cut);
      const reopened = new JournalStore(copy);
      const expected = ends.findLast(({ bytes }) => bytes <= cut);
      expect(sightOf(reopened)).toEqual(expected?.sight);
      reopened.close();
    }
  });

  it('I9: loses nothing else in a file that holds the groups of an earlier life', () => {
    const path = join(folder, 'a.journal');
    const store = new JournalStore(path, SEGMENT_BYTES);
    store.apply(groupOf(GRANT));
    const model = new Model();
    const script = new Script();
    let torn = 0;
    for (let round = 0; round < 60; round++) {
      const file = newestFile(path);
      const before = { bytes: readFileSync(file), sight: structuredClone(model.sight) };
      const one = { writes: 3, ship: 3, pageLimit: 1, reopen: false, eventBytes: 60 };
      const writes = script.group(one, model.outbox);
      store.apply(groupOf(writes));
      for (const write of writes) model.apply(write);
      // A group that began a segment is not torn here: its checkpoint was durable before.
      if (newestFile(path) !== file || round < 20) continue;
      const after = readFileSync(file);
      for (let cut = 0; cut < after.length; cut += 61) {
        const mixed = Buffer.concat([after.subarray(0, cut), before.bytes.subarray(cut)]);
        if (mixed.equals(before.bytes) || mixed.equals(after)) continue;
        const copy = join(mkdtempSync(join(folder, 'torn-')), 'a.journal');
        cpSync(path, copy, { recursive: true });
        writeFileSync(newestFile(copy), mixed);
        const reopened = new JournalStore(copy, SEGMENT_BYTES);
        expect(sightOf(reopened)).toEqual(before.sight);
        reopened.close();
        torn++;
      }
    }
    store.close();
    expect(torn).toBeGreaterThan(100);
  });

  it('refuses files that are damaged in the middle, and changes nothing', () => {
    const path = join(folder, 'a.journal');
    const store = new JournalStore(path);
    store.apply(groupOf(GRANT));
    for (const id of ['a', 'b', 'c']) {
      store.apply(groupOf([{ op: 'recorded', partition: 0, event: `event of ${id}` }]));
    }
    store.close();
    const file = newestFile(path);
    const bytes = readFileSync(file);
    for (const text of ['budget-b@x', 'event of a', 'event of b']) {
      const damaged = Buffer.from(bytes);
      damaged[bytes.indexOf(text)] = 0;
      writeFileSync(file, damaged);
      expect(() => new JournalStore(path)).toThrow('is damaged at byte');
      expect(readdirSync(path)).toHaveLength(1);
    }
    writeFileSync(file, bytes);
    const reopened = new JournalStore(path);
    expect(reopened.outboxRecords).toBe(3);
    reopened.close();
  });

  it('refuses to open when a segment that the log does not have is missing or damaged', () => {
    const path = join(folder, 'a.journal');
    const store = new JournalStore(path, SEGMENT_BYTES);
    const event = 'x'.repeat(900);
    for (let i = 0; i < 6; i++) store.apply(groupOf([{ op: 'recorded', partition: 0, event }]));
    store.close();
    const oldest = join(path, readdirSync(path).sort()[0] as string);
    const bytes = readFileSync(oldest);
    rmSync(oldest);
    expect(() => new JournalStore(path, SEGMENT_BYTES)).toThrow('is missing');
    expect(() => copyJournal(path, join(folder, 'copy'))).toThrow(JournalDamaged);
    expect(existsSync(join(folder, 'copy'))).toBe(false);
    const damaged = Buffer.from(bytes);
    damaged[bytes.indexOf('xxx')] = 0;
    writeFileSync(oldest, damaged);
    const reopened = new JournalStore(path, SEGMENT_BYTES);
    expect(() => reopened.outbox(10)).toThrow('damaged');
    reopened.close();
  });

  it('keeps few files, however long it runs, and however much waited at once', () => {
    const path = join(folder, 'a.journal');
    const store = new JournalStore(path, SEGMENT_BYTES);
    const event = 'x'.repeat(900);
    for (let i = 0; i < 100; i++) store.apply(groupOf([{ op: 'recorded', partition: 0, event }]));
    const most = readdirSync(path).length;
    store.apply(groupOf([{ op: 'shipped', uptoSeq: 100 }]));
    const afterwards = readdirSync(path).length;
    store.close();
    expect(most).toBeGreaterThan(40);
    expect(afterwards).toBeLessThanOrEqual(3);
  });

  it('stays as small as it is, however often it is opened', () => {
    const path = join(folder, 'a.journal');
    new JournalStore(path).close();
    const store = new JournalStore(path);
    store.apply(groupOf([{ op: 'recorded', partition: 0, event: 'waits' }]));
    store.apply(groupOf([{ op: 'started', attemptId: 'a', event: '{}' }]));
    store.close();
    for (let i = 0; i < 50; i++) {
      const again = new JournalStore(path);
      const twice = groupOf([{ op: 'started', attemptId: 'a', event: '{}' }]);
      expect(() => again.apply(twice)).toThrow('started twice');
      expect([again.outboxRecords, again.contents().unfinished.length]).toEqual([1, 1]);
      again.close();
    }
    expect(readdirSync(path).length).toBeLessThanOrEqual(4);
  });

  it('is copied as it was at a moment between its writes', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
        const root = mkdtempSync(join(folder, 'run-'));
        const path = join(root, 'a.journal');
        const store = new JournalStore(path, SEGMENT_BYTES);
        store.apply(groupOf(GRANT));
        const model = new Model();
        const script = new Script();
        for (const [index, one] of steps.entries()) {
          const writes = script.group(one, model.outbox);
          store.apply(groupOf(writes));
          for (const write of writes) model.apply(write);
          const target = join(root, `copy${index}.journal`);
          expect(copyJournal(path, target)).toBe(true);
          const copy = new JournalStore(target, SEGMENT_BYTES);
          expect(sightOf(copy)).toEqual(model.sight);
          copy.close();
        }
        store.close();
      }),
      { numRuns: 10 },
    );
  });

  it('I1: is copied as it was at one moment while it is written', async () => {
    // In memory, if the machine has such a folder: reads and writes meet there far more often.
    const root = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : folder, 'tollgate-copy-'));
    const path = join(root, 'a.journal');
    const writer = new Worker(COPY_WRITER, { eval: true, workerData: { path } });
    try {
      let acknowledged = 0;
      writer.on('message', (count: number) => (acknowledged = count));
      await new Promise((resolve) => writer.once('message', resolve));
      for (let copied = 0; copied < 100; copied++) {
        const atLeast = acknowledged;
        const target = join(root, `copy${copied}.journal`);
        expect(copyJournal(path, target)).toBe(true);
        const copy = new JournalStore(target, SEGMENT_BYTES);
        const { seqs, lengths, values } = copy.outbox(1_000);
        copy.close();
        rmSync(target, { recursive: true });
        const texts = textsOf(lengths, values);
        // Nothing is missing in the middle or at the end, and every record has its own number.
        expect(texts.map(Number)).toEqual([...seqs]);
        expect([...seqs]).toEqual(
          seqs
            .map((_, index) => (seqs[0] ?? 0) + index)
            .values()
            .toArray(),
        );
        expect(seqs.at(-1)).toBeGreaterThanOrEqual(atLeast);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      await writer.terminate();
      rmSync(root, { recursive: true, force: true });
    }
  });

  it('I1: does not take a segment that was used again while it was read for one that ended', () => {
    const path = join(folder, 'a.journal');
    const store = new JournalStore(path, SEGMENT_BYTES);
    let written = 0;
    const write = () => {
      store.apply(groupOf([{ op: 'recorded', partition: 0, event: 'x'.repeat(100) }]));
      store.apply(groupOf([{ op: 'shipped', uptoSeq: ++written }]));
    };
    write();
    write();
    let groups = 0;
    const read = () =>
      replayNewest(new JournalFolder(path), () => {
        groups++;
        for (let i = 0; i < 100; i++) write();
      });
    expect(read).toThrow('ENOENT');
    store.close();
    expect(groups).toBe(1);
  });

  it('copies nothing of a journal that was removed, says so, and leaves nothing behind', () => {
    const target = join(folder, 'copy');
    expect(copyJournal(join(folder, 'a.journal'), target)).toBe(false);
    expect(existsSync(target)).toBe(false);
  });
});
