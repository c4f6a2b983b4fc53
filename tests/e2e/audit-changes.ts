/**
 * What may be wrong in the stores, one change each, and the differences that an audit must name for
 * it.
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { AuditCopy } from './audit-copy.ts';

/** Changes one thing. @returns the differences that the audit must name for it */
type Change = (copy: AuditCopy) => object[] | Promise<object[]>;

/** An audit takes seconds, so changes that cannot hide each other are found by one. */
export const changes: readonly (readonly [copy: string, changes: readonly [string, Change][]])[] = [
  [
    'rows, records, bills and budgets',
    [
      [
        'a raw row that was deleted',
        async (copy) => {
          const { sql, place } = await copy.somePlace();
          await copy.mutate(`DELETE WHERE ${sql}`);
          return [{ store: 'raw', place, finding: 'no row for this record' }];
        },
      ],
      [
        'a raw row that was doubled',
        async (copy) => {
          const { sql, place } = await copy.somePlace();
          await copy.stores.warehouse.command(
            `INSERT INTO tollgate.raw_usage SELECT * FROM tollgate.raw_usage WHERE ${sql}`,
          );
          return [{ store: 'raw', place, finding: '2 rows for one record' }];
        },
      ],
      [
        'a raw row and the column that was changed',
        async (copy) => {
          const { sql, place } = await copy.somePlace("disposition = 'counted' AND cost > 0");
          await copy.mutate(`UPDATE cost = cost + toDecimal128('0.000000000001', 12) WHERE ${sql}`);
          const finding = expect.stringMatching(/^is .*, should be /);
          return [{ store: 'raw', place: `${place} cost`, finding }];
        },
      ],
      [
        'a line of a snapshot that was changed, and its hash',
        (copy) => {
          const { position } = copy.ledgerEvent("type = 'SnapshotFrozen'");
          copy.tamper(
            'ledger',
            `UPDATE event SET data = replace(data, '\\"requests\\":', '\\"requests\\":1') WHERE position = ${position}`,
          );
          return [
            {
              store: 'snapshot',
              place: expect.stringMatching(/^snp_\w+ lines\[0\]\..*requests$/),
              finding: expect.stringContaining('should be'),
            },
            {
              store: 'snapshot',
              place: expect.stringMatching(/^snp_\w+ hash$/),
              finding: expect.stringContaining('its body has'),
            },
          ];
        },
      ],
      [
        'an invoice whose body was changed',
        (copy) => {
          const { position } = copy.ledgerEvent("type = 'InvoiceIssued'");
          copy.tamper(
            'ledger',
            `UPDATE event SET data = replace(data, '\\"total_minor\\":', '\\"total_minor\\":1') WHERE position = ${position}`,
          );
          const place = expect.stringMatching(/^inv_\w+ total_minor$/);
          return [{ store: 'invoice', place, finding: expect.stringContaining('should be') }];
        },
      ],
      [
        'an event that was dropped from the ledger',
        (copy) => {
          const { position, stream, revision } = copy.ledgerEvent(
            "type = 'LeaseGranted' AND stream LIKE 'budget-%'",
          );
          copy.tamper('ledger', `DELETE FROM event WHERE position = ${position}`);
          const finding = `no event; the next one is ${revision + 1}`;
          return [{ store: 'ledger', place: `${stream}@${revision}`, finding }];
        },
      ],
      [
        'a settlement with another amount',
        (copy) => {
          const { position, stream, revision } = copy.ledgerEvent(
            "type = 'LeaseSettled' AND data NOT LIKE '%\"0.000000000000\"%'",
          );
          copy.tamper(
            'ledger',
            `UPDATE event SET data = replace(data, '"spent":"', '"spent":"1') WHERE position = ${position}`,
          );
          const finding = expect.stringMatching(/settled at .*, its events say /);
          return [{ store: 'budget', place: `${stream}@${revision}`, finding }];
        },
      ],
      [
        'a record of the log that was changed by one byte',
        async (copy) => {
          const { position, place } = await copy.somePlace(
            "disposition = 'counted' AND input_tokens > 9",
          );
          copy.tamper(
            'log',
            `UPDATE usage_record SET value = CAST(replace(value, '"attempt":1', '"attempt":2') AS BLOB)
             WHERE position = ${position}`,
          );
          const finding = expect.stringMatching(/^is .*, should be /);
          return [{ store: 'raw', place: `${place} leaf_hash`, finding }];
        },
      ],
      [
        'a dead row whose dead letter is gone',
        async (copy) => {
          const { short } = await copy.somePlace("disposition = 'dead'");
          copy.tamper('log', 'DELETE FROM dead_letter_record');
          return [
            { store: 'dead letters', place: short, finding: 'a dead row has no dead letter' },
          ];
        },
      ],
    ],
  ],
  [
    'letters, roll-ups and leases',
    [
      [
        'a dead letter that cannot be read, and continues',
        async (copy) => {
          const { sql, place } = await copy.somePlace();
          copy.tamper('log', `UPDATE dead_letter_record SET value = CAST('{"x' AS BLOB)`);
          await copy.mutate(`DELETE WHERE ${sql}`);
          return [
            {
              store: 'dead letters',
              place: expect.stringMatching(/^letter \d+\/\d+$/),
              finding: expect.stringContaining('cannot be read'),
            },
            { store: 'raw', place, finding: 'no row for this record' },
          ];
        },
      ],
      [
        'a roll-up row where no view looks for it',
        async (copy) => {
          await copy.stores.warehouse.command(
            `INSERT INTO tollgate.rollup_15m SELECT * REPLACE (partition + 1 AS partition,
               version + 1 AS version) FROM tollgate.rollup_15m FINAL
             WHERE customer_id = 'cus_1' LIMIT 1`,
          );
          const place = expect.stringMatching(/customer_id=cus_1 .* partition$/);
          return [{ store: 'roll-up', place, finding: expect.stringContaining('should be') }];
        },
      ],
      [
        'I3: an adjustment that is there twice',
        async (copy) => {
          const { stream, revision } = copy.ledgerEvent("type = 'LeaseAdjusted'");
          const past = await copy.stores.ledger.read(stream);
          const data = past.find((event) => event.revision === BigInt(revision))?.data;
          const last = past.at(-1)?.revision ?? 0n;
          const again = { id: randomUUID(), type: 'LeaseAdjusted', data };
          await copy.stores.ledger.append(stream, last, [again]);
          const finding = expect.stringContaining('adjusted again');
          return [{ store: 'budget', place: `${stream}@${last + 1n}`, finding }];
        },
      ],
      [
        'I3: a lease that was charged and is never settled',
        (copy) => {
          const where = "type = 'LeaseSettled' AND data NOT LIKE '%\"0.000000000000\"%'";
          const event = copy.ledgerEvent(where);
          copy.silence(event);
          const finding = expect.stringMatching(/^lease lse_\w+ was charged and is still open$/);
          return [{ store: 'budget', place: event.stream, finding }];
        },
      ],
    ],
  ],
  [
    'records, from which on a partition is not audited',
    [
      [
        'a record that is missing in the log',
        async (copy) => {
          const { position, place } = await copy.somePlace();
          copy.tamper('log', `DELETE FROM usage_record WHERE position = ${position}`);
          return [{ store: 'log', place, finding: expect.stringContaining('no record') }];
        },
      ],
    ],
  ],
  [
    'adjustments',
    [
      [
        'I3: a resolution whose adjustment is missing',
        (copy) => {
          copy.silence(copy.ledgerEvent("type = 'LeaseAdjusted'"));
          const place = expect.stringMatching(/^lse_\w+ /);
          return [{ store: 'budget', place, finding: 'resolved, and never adjusted' }];
        },
      ],
    ],
  ],
];
