/**
 * One file of a journal: groups, one after another. Each group is written with one call and is
 * durable before the next one begins. So only the last group can be incomplete, and that group was
 * never acknowledged. After the last whole group there is nothing, or content from an earlier life
 * of the file: files are reused, because a write into blocks that a file already has costs half as
 * much as a write that makes it grow (ADR 0003). The segment's id in every header tells the lives
 * apart.
 *
 * Header, little-endian: magic, CRC-32 of all that follows, segment id, index of the group in the
 * segment, length of the payload; u32 each.
 */
import {
  accessSync,
  closeSync,
  constants,
  fdatasyncSync,
  fstatSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import { crc32 } from 'node:zlib';
import { GROUP_HEADER_BYTES } from './journal-codec.ts';

const MAGIC = Buffer.from('TGJ1');
const CHECKED_FROM = 8;
const FIRST_SCRATCH_BYTES = 256 * 1024;
/** How many bytes are searched at a time for groups that should not be there. */
const SEARCH_BYTES = 1024 * 1024;

export class JournalDamaged extends Error {
  readonly code = 'journal_damaged';
}

export type Group = {
  /**
   * The whole group; its payload begins at `GROUP_HEADER_BYTES`. Valid until the next group is
   * read.
   */
  bytes: Buffer;
  index: number;
  /** Where the group begins in the file. */
  at: number;
};

/** Writes groups from the start of a file, whatever the file contains. */
export class SegmentWriter {
  readonly id: number;
  readonly #file: number;
  #endBytes = 0;
  #groups = 0;

  /** @throws Error if the file cannot be opened */
  constructor(path: string, id: number) {
    this.id = id;
    this.#file = openSync(path, constants.O_RDWR | constants.O_CREAT);
  }

  /** The end of what is durable. */
  get endBytes(): number {
    return this.#endBytes;
  }

  /**
   * Durable when it returns.
   *
   * @param group room for a header, and a payload
   * @throws Error if the disk refuses: then nobody knows what the file contains, and nothing may be
   *   written to it any more
   */
  append(group: Buffer): void {
    group.set(MAGIC, 0);
    group.writeUInt32LE(this.id, CHECKED_FROM);
    group.writeUInt32LE(this.#groups, 12);
    group.writeUInt32LE(group.length - GROUP_HEADER_BYTES, 16);
    group.writeUInt32LE(crc32(group.subarray(CHECKED_FROM)), 4);
    writeAll(this.#file, group, this.#endBytes);
    fdatasyncSync(this.#file);
    this.#endBytes += group.length;
    this.#groups++;
  }

  /** Bytes of a group that was appended. */
  read(at: number, length: number): Buffer {
    return readExactly(this.#file, at, length);
  }

  close(): void {
    closeSync(this.#file);
  }
}

/** Reads the groups of a segment, and ignores those of its file's earlier lives. */
export class SegmentReader {
  readonly id: number;
  readonly #path: string;
  readonly #file: number;
  readonly #sizeBytes: number;
  #scratch = Buffer.allocUnsafe(FIRST_SCRATCH_BYTES);

  /** @throws Error if the file is not there */
  constructor(path: string, id: number) {
    this.id = id;
    this.#path = path;
    this.#file = openSync(path, 'r');
    this.#sizeBytes = fstatSync(this.#file).size;
  }

  /** @returns null if no whole group of this segment begins there */
  group(at: number): Group | null {
    const header = this.#read(at, GROUP_HEADER_BYTES);
    if (header === null || !this.#isOurs(header)) return null;
    const bytes = this.#read(at, GROUP_HEADER_BYTES + header.readUInt32LE(16));
    // The file may begin its next life between two reads: the last read counts.
    if (bytes === null || !this.#isOurs(bytes)) return null;
    if (crc32(bytes.subarray(CHECKED_FROM)) !== bytes.readUInt32LE(4)) return null;
    const index = bytes.readUInt32LE(12);
    return { bytes, index, at };
  }

  #isOurs(header: Buffer): boolean {
    return header.compare(MAGIC, 0, 4, 0, 4) === 0 && header.readUInt32LE(CHECKED_FROM) === this.id;
  }

  /** Bytes of a group that is whole. */
  read(at: number, length: number): Buffer {
    return readExactly(this.#file, at, length);
  }

  /** All groups from the start, up to the first that is not whole. */
  *groups(): Generator<Group> {
    let at = 0;
    for (let index = 0; ; index++) {
      const group = this.group(at);
      if (group === null || group.index !== index) return;
      const { length } = group.bytes;
      yield group;
      at += length;
    }
  }

  /**
   * A whole group after the first broken one was written when the broken one was already durable.
   * So the file was damaged later, and must not be taken for a file whose last write was cut off.
   *
   * @param at the end of the whole groups
   * @throws JournalDamaged
   */
  assertNothingBehind(at: number): void {
    const window = Buffer.allocUnsafe(SEARCH_BYTES);
    for (let from = at; from < this.#sizeBytes; from += SEARCH_BYTES - MAGIC.length + 1) {
      const read = readSync(this.#file, window, 0, SEARCH_BYTES, from);
      const found = window.subarray(0, read);
      for (let i = found.indexOf(MAGIC); i >= 0; i = found.indexOf(MAGIC, i + 1)) {
        if (this.group(from + i) === null) continue;
        throw new JournalDamaged(
          `${this.#path} is damaged at byte ${at}: a later group at byte ${from + i} is whole. ` +
            `Nothing was changed; restore the file from a backup of this instance's journal`,
        );
      }
    }
  }

  /**
   * For a copy that is made while the instance writes. If the file begins its next life during the
   * read, lost groups look like groups that were never written. A file gets its new name before its
   * new content, so the name tells.
   *
   * @throws Error with the code ENOENT if the file no longer belongs to the segment
   */
  assertStillThere(): void {
    accessSync(this.#path);
  }

  close(): void {
    closeSync(this.#file);
  }

  /** @returns null if the file ends before */
  #read(at: number, length: number): Buffer | null {
    if (at + length > this.#sizeBytes) return null;
    if (length > this.#scratch.length) this.#scratch = Buffer.allocUnsafe(length);
    const read = readSync(this.#file, this.#scratch, 0, length, at);
    return read === length ? this.#scratch.subarray(0, length) : null;
  }
}

function readExactly(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  if (readSync(file, bytes, 0, length, at) !== length) {
    throw new JournalDamaged(`a segment ends before byte ${at + length}`);
  }
  return bytes;
}

/** A write may take only a part of the bytes; a full disk makes it throw. */
export function writeAll(file: number, bytes: Buffer, at: number): void {
  let written = 0;
  while (written < bytes.length) {
    written += writeSync(file, bytes, written, bytes.length - written, at + written);
  }
}
