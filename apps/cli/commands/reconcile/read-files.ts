/** The exports that a command names, as the API takes them: whole, or summed up where they are large. */
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { BillError } from '@tollgate/adapters/bills/bill-collector.ts';
import { type FetchedFrom, fetchBills } from '@tollgate/adapters/bills/fetch-bills.ts';
import { BillReader } from '@tollgate/adapters/bills/read-bill.ts';
import { totalsForm } from '@tollgate/adapters/bills/totals-form.ts';
import { readPrivateFile } from '../../connection/private-file.ts';
import { CommandError, UsageError } from '../../errors.ts';
import type { Environment } from '../../surroundings.ts';

/** All files of one request, bytes: the API takes 8 MiB, and quotes in JSON are two characters. */
const SENT_WHOLE_MAX = 3 * 1024 * 1024;

export type SentFile = { name: string; content: string };

/** @param say is told of each problem in a file that is sent as its sums */
export async function readFiles(
  paths: readonly string[],
  say: (line: string) => void,
): Promise<SentFile[]> {
  let left = SENT_WHOLE_MAX;
  const files: SentFile[] = [];
  for (const path of paths) {
    const file = await readFile(path, left, say);
    left -= file.content.length;
    files.push(file);
  }
  return files;
}

const KEYS = { openai: 'OPENAI_ADMIN_KEY', anthropic: 'ANTHROPIC_ADMIN_KEY' } as const;
const DAY = /^\d{4}-\d\d-\d\d$/;

/** What the admin API of a provider answers; the key comes from a file or a variable (I12). */
export async function fetchFiles(
  { from, firstDay, lastDay }: { from: FetchedFrom; firstDay: string; lastDay: string },
  options: {
    keyFile: string | undefined;
    environment: Environment;
    say: (line: string) => void;
    signal: AbortSignal;
  },
): Promise<SentFile[]> {
  const { keyFile, environment, say, signal } = options;
  if (!DAY.test(firstDay) || !DAY.test(lastDay) || firstDay > lastDay) {
    throw new UsageError('--first-day and --last-day: two days in order, as 2026-11-01.');
  }
  const variable = KEYS[from];
  const held = keyFile === undefined ? environment[variable] : readPrivateFile(keyFile, say);
  const adminKey = held?.trim() ?? '';
  if (adminKey === '') {
    throw new CommandError(`There is no admin key: set ${variable}, or name --admin-key-file.`);
  }
  try {
    return await fetchBills(from, { firstDay, lastDay }, { adminKey, signal });
  } catch (cause) {
    if (cause instanceof BillError) throw new CommandError(cause.message, { cause });
    throw cause;
  }
}

async function readFile(
  path: string,
  wholeMax: number,
  say: (line: string) => void,
): Promise<SentFile> {
  const name = basename(path);
  const reader = new BillReader();
  let whole: Buffer[] | undefined = [];
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      reader.push(chunk);
      bytes += chunk.length;
      if (bytes > wholeMax) whole = undefined;
      whole?.push(chunk);
    }
    const bill = reader.end();
    if (whole !== undefined) return { name, content: Buffer.concat(whole).toString('utf8') };
    for (const { line, message } of bill.problems) say(`${name}, line ${line}: ${message}`);
    for (const { reason, records } of bill.skipped)
      say(`${name}: ${records} not compared: ${reason}`);
    say(`${name} is sent as its sums; its SHA-256 is ${bill.sha256}.`);
    return { name, content: totalsForm(bill) };
  } catch (cause) {
    if (cause instanceof BillError) throw new CommandError(`${name}: ${cause.message}`, { cause });
    const { code } = cause as NodeJS.ErrnoException;
    if (code === undefined) throw cause;
    throw new CommandError(`${path} cannot be read (${code}).`, { cause });
  }
}
