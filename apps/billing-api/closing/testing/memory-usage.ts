/**
 * A log and a warehouse without an engine, which answer what closing asks of them from one list of
 * records. For tests of what follows from an answer; what the SQL does is tested on a real engine.
 */
import { sha256Text, toHex } from '@tollgate/adapters/digest/sha256.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { SUMMED_QUANTITIES } from '@tollgate/domain/period/snapshot.ts';
import { ScriptedWarehouse } from '@tollgate/projector/testing/scripted-warehouse.ts';

const PARTITIONS = 2;

/** One record of the log, and its row once it is projected. */
export type Use = {
  customerId: string;
  timeMs: number;
  partition: number;
  offset: number;
  id: string;
  source: string;
  keyId: string;
  /** USD; null: unknown. */
  cost: string | null;
  inputTokens: number;
};

type Params = Record<string, unknown>;

export class MemoryUsage {
  readonly warehouse = new ScriptedWarehouse();
  /** Rows of the warehouse. A test may lose or double some. */
  rows: Use[] = [];
  /** Called before the log tells its ends; what it throws, the log fails with. */
  beforeEnds: () => void = () => undefined;
  readonly #records: Use[] = [];
  readonly log = {
    ordinal: 0,
    partitions: PARTITIONS,
    ends: async () => {
      this.beforeEnds();
      await new Promise((resolve) => setImmediate(resolve));
      return this.#ends();
    },
  } as Log;

  constructor() {
    const { answers } = this.warehouse;
    answers.set('tollgate.log_progress', () => this.#progress());
    answers.set('AS offsets', (params) => this.#continuity(params));
    answers.set('AS keys', (params) => this.#keys(params));
    answers.set('AS price_versions', (params) => this.#sums(params));
    answers.set('AS lines', (params) => [{ lines: String(this.#sums(params).length) }]);
    // Nothing was imported: what it would be is seen where there is a real warehouse.
    answers.set('AS history_events', () => [
      { history_events: '0', history_cost: '0.000000000000' },
    ]);
    answers.set('AS open_events', (params) => {
      return [{ open_events: String(this.#unknown(params).length) }];
    });
    answers.set('SELECT id FROM', (params) =>
      this.#unknown(params).slice(0, Number(params['ids_max'])),
    );
    answers.set('AS before', (params) => {
      const before = this.#set(params).filter((row) => compare(row, placeOf(params)) < 0);
      return [{ before: String(before.length) }];
    });
    answers.set('{event_id:String}', (params) =>
      this.#set(params)
        .filter(({ id, source }) => {
          return id === params['event_id'] && (params['event_source'] ?? source) === source;
        })
        .slice(0, 2)
        .map(leafOf),
    );
    answers.set('AS leaf', (params) => {
      const set = this.#set(params);
      const rest =
        'at_log' in params ? set.filter((row) => compare(row, placeOf(params)) > 0) : set;
      return rest.slice(0, Number(params['page_rows'])).map(leafOf);
    });
  }

  /** Appends one record to the log. */
  use(customerId: string, time: string, change: Partial<Use> = {}): Use {
    const partition = change.partition ?? 0;
    const record: Use = {
      customerId,
      timeMs: parseInstant(time),
      partition,
      offset: Number(this.#ends()[partition]),
      id: `evt_${this.#records.length + 1}`,
      source: 'proxy',
      keyId: 'key_1',
      cost: '1.000000000000',
      inputTokens: 10,
      ...change,
    };
    this.#records.push(record);
    return record;
  }

  /** Gives every record its row. */
  project(): void {
    this.rows = [...this.#records];
  }

  /** A log that was restored without any of its records. */
  loseRecords(): void {
    this.#records.length = 0;
  }

  #ends(): bigint[] {
    return Array.from({ length: PARTITIONS }, (_, partition) =>
      BigInt(this.#records.filter((record) => record.partition === partition).length),
    );
  }

  #progress() {
    return byPartition(this.rows).map(([partition, rows]) => ({
      log: 0,
      partition,
      rows: String(rows.length),
      next: String(Math.max(...rows.map(({ offset }) => offset)) + 1),
    }));
  }

  #continuity(params: Params) {
    const below = this.rows.filter((row) => isBelow(row, 'cut', params));
    return byPartition(below).map(([partition, rows]) => ({
      log: 0,
      partition,
      rows: String(rows.length),
      offsets: String(new Set(rows.map(({ offset }) => offset)).size),
    }));
  }

  #keys(params: Params) {
    const rows = this.rows.filter(
      (row) => row.customerId === params['customer'] && isBelow(row, 'cut', params),
    );
    const keys = new Set(rows.map(({ id, source }) => `${source}|${id}`));
    return [{ rows: String(rows.length), keys: String(keys.size) }];
  }

  /** The rows of a usage set, in order of position. */
  #set(params: Params): Use[] {
    const knownBy = (row: Use, name: string) =>
      row.timeMs < Number(params[`${name}_end`]) && isBelow(row, name, params);
    return this.rows
      .filter((row) => row.customerId === params['set_customer'])
      .filter((row) => knownBy(row, 'set') && !knownBy(row, 'previous'))
      .sort(compare);
  }

  #sums(params: Params) {
    const ends = params['period_ends'] as number[];
    const periodOf = ({ timeMs }: Use) => ends.findIndex((endMs) => timeMs < endMs) + 1;
    const groups = Map.groupBy(
      this.#set(params),
      (row) => `${periodOf(row)}|${row.keyId}|${row.cost === null}`,
    );
    const sums = [...groups.values()].map((rows) => {
      const [{ keyId, cost: known }] = rows as [Use];
      const quantities = SUMMED_QUANTITIES.map((name) => [`sum_${name}`, '0'] as const);
      const cost = rows.reduce(
        (sum, row) => sum + parseDecimal12(row.cost ?? '0.000000000000'),
        0n,
      );
      return {
        period_number: String(periodOf(rows[0] as Use)),
        line_provider: 'openai',
        line_model: 'gpt-4o',
        key_id: keyId,
        team_id: null,
        environment: null,
        usage_source: 'provider',
        open_type: known === null ? 'attempt' : '',
        open_meter: null,
        price_versions: [],
        events: String(rows.length),
        ...Object.fromEntries(quantities),
        sum_input_tokens: String(rows.reduce((sum, row) => sum + row.inputTokens, 0)),
        cost_text: formatDecimal12(cost),
      };
    });
    return sums.slice(0, Number(params['lines_max']));
  }

  #unknown(params: Params): { id: string }[] {
    return this.#set(params).filter(({ cost }) => cost === null);
  }
}

function byPartition(rows: readonly Use[]): [number, Use[]][] {
  return [...Map.groupBy(rows, ({ partition }) => partition)];
}

function isBelow({ partition, offset }: Use, name: string, params: Params): boolean {
  const ends = params[`${name}_ends_0`] as bigint[] | undefined;
  return BigInt(offset) < (ends?.[partition] ?? 0n);
}

function compare(a: Pick<Use, 'partition' | 'offset'>, b: Pick<Use, 'partition' | 'offset'>) {
  return a.partition - b.partition || a.offset - b.offset;
}

function placeOf(params: Params): Pick<Use, 'partition' | 'offset'> {
  return { partition: Number(params['at_partition']), offset: Number(params['at_offset']) };
}

export function leafOf({ partition, offset, id, customerId }: Use) {
  const leaf = toHex(sha256Text(`${customerId}|${id}|${partition}|${offset}`));
  return { log: 0, partition, offset_text: String(offset), leaf };
}
