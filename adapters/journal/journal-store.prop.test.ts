/**
 * What a journal's files come to, whatever happens to them: a model of the same writes in plain
 * collections is compared after reopenings, after cuts at any byte, with files in their second life.
 */
import {
  cpSync,
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
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { GroupWriter } from './journal-codec.ts';
import { copyJournal } from './journal-copy.ts';
import { JournalStore } from './journal-store.ts';
import type { JournalContents, JournalWrite } from './journal-writes.ts';

/** So small that a run goes through many segments, and uses their files again. */
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
  return Buffer.from(group.buffer, 0, group.lengthBytes);
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

describe('a journal', () => {
  it('I1, I3, I9: is after every reopening what its writes come to, over many segments', () => {
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

  it('refuses files of which the middle was damaged, and changes nothing', () => {
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

  it('is copied as of one moment while it is written', () => {
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

  it('says of a journal that was removed that there is nothing to copy', () => {
    expect(copyJournal(join(folder, 'a.journal'), join(folder, 'copy'))).toBe(false);
  });
});
