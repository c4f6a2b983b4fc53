/** Streams a log to the API in batches: of a file of any size, one piece and one batch are held. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { BillError } from '@tollgate/adapters/bills/bill-collector.ts';
import { historySources, type Owner } from '@tollgate/adapters/bills/history-sources.ts';
import { RecordReader } from '@tollgate/adapters/bills/read-records.ts';
import type { HistoryEventRequest, historyResult } from '@tollgate/schemas/http/usage-history.ts';
import type { z } from 'zod';
import type { CommandContext } from '../../command.ts';
import type { Api } from '../../connection/api.ts';
import { CommandError } from '../../errors.ts';

/** Half of what the API takes, so that long names fit its body. */
const BATCH_EVENTS = 500;
const PROBLEMS_NAMED_MAX = 100;
/** Lines of progress where there is no terminal. */
const PROGRESS_EVERY = 50_000;

export type Sent = { file: string; records: number; accepted: number; problems: number };

type Pending = { line: number; event: HistoryEventRequest };
type Result = z.output<typeof historyResult>;

/** @throws CommandError if the file cannot be read, or is no export */
export async function sendHistory(
  context: Pick<CommandContext, 'say' | 'progress' | 'output' | 'signal'>,
  api: Api,
  file: string,
  options: { source: string; owner: Owner; dryRun: boolean },
): Promise<Sent> {
  const sender = new Sender(context, api, file, options);
  const reader = new RecordReader(sender);
  try {
    const { size } = await stat(file);
    let bytes = 0;
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      context.signal.throwIfAborted();
      reader.push(chunk);
      bytes += chunk.length;
      await sender.flush(BATCH_EVENTS);
      sender.tell(Math.floor((100 * bytes) / Math.max(1, size)));
    }
    reader.end();
    await sender.flush(1);
    return sender.sent;
  } catch (cause) {
    if (cause instanceof BillError) {
      const done = `${sender.sent.accepted} records before it were taken; the same file may be sent again.`;
      throw new CommandError(`${file}: ${cause.message}. ${done}`, { cause });
    }
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code !== 'string' || !/^E[A-Z]+$/.test(code)) throw cause;
    throw new CommandError(`${file} cannot be read (${code}).`, { cause });
  } finally {
    context.output.progressEnds();
  }
}

class Sender {
  readonly sent: Sent;
  readonly #context: Pick<CommandContext, 'say' | 'progress' | 'output'>;
  readonly #api: Api;
  readonly #options: { source: string; owner: Owner; dryRun: boolean };
  #pending: Pending[] = [];
  #told = 0;

  constructor(
    context: Pick<CommandContext, 'say' | 'progress' | 'output'>,
    api: Api,
    file: string,
    options: { source: string; owner: Owner; dryRun: boolean },
  ) {
    this.sent = { file, records: 0, accepted: 0, problems: 0 };
    this.#context = context;
    this.#api = api;
    this.#options = options;
  }

  add({ line, fields }: { line: number; fields: Readonly<Record<string, string>> }): void {
    this.sent.records++;
    const read = historySources[this.#options.source]?.(fields, this.#options.owner);
    if (read === undefined) throw new Error(`no source ${this.#options.source}`);
    if (typeof read === 'string') this.#problem(line, read);
    else this.#pending.push({ line, event: read });
  }

  malformed(line: number, message: string): void {
    this.sent.records++;
    this.#problem(line, message);
  }

  /** Sends what is there in batches, as long as it is so many. */
  async flush(least: number): Promise<void> {
    while (this.#pending.length >= least && this.#pending.length > 0) {
      const batch = this.#pending.splice(0, BATCH_EVENTS);
      const body = {
        imported_from: this.#options.source,
        events: batch.map(({ event }) => event),
        dry_run: this.#options.dryRun,
      };
      const result = await this.#api.post<Result>('/v1/usage_history', body);
      this.sent.accepted += result.accepted;
      for (const { index, reason } of result.rejected) {
        this.#problem(batch[index]?.line ?? 0, reason);
      }
    }
  }

  tell(percent: number): void {
    const { records, file } = this.sent;
    if (!this.#context.output.err.isTerminal && records - this.#told < PROGRESS_EVERY) return;
    this.#told = records;
    this.#context.progress(`${file}: ${records} records, ${percent} %`);
  }

  #problem(line: number, message: string): void {
    this.sent.problems++;
    if (this.sent.problems > PROBLEMS_NAMED_MAX) return;
    this.#context.say(`${this.sent.file}, line ${line}: ${message}`);
  }
}
