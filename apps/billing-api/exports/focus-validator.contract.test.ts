/** The FOCUS file before the FinOps Foundation's own validator and its rules of version 1.2. */
import { billedTo, line } from '@tollgate/domain/invoice/testing/documents.ts';
import { describe, expect, it } from 'vitest';
import { csvLines, headerLine } from './csv.ts';
import { focusColumns, focusRows } from './focus.ts';
import { focusValidatorUnavailable, validated } from './testing/focus-validator.ts';

const unavailable = focusValidatorUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: FOCUS by its own validator. ${unavailable}`);

/** Rules that no file of ours can pass, and why that is no fault of the file. */
const NOT_OURS = [
  // Reads CommitmentDiscountStatus, a column that only those have who support commitments; its parents fail with it.
  ...['ConsumedQuantity-C-000-C', 'ConsumedQuantity-C-003-C', 'ConsumedQuantity-C-004-C'],
  ...['ConsumedQuantity-C-005-C', 'ConsumedQuantity-C-006-C'],
  // Recommended to those who publish unit prices: a line of ours sums calls of several.
  ...['CostAndUsage-D-048-C', 'CostAndUsage-D-056-C'],
  // "Null if there is no invoice", stated without its condition: it fails each row that has one.
  'InvoiceId-C-004-C',
];

/** It takes a second of processor time, and reads 200 MB of packages. */
const TIMEOUT_MS = 150_000;

function fileOf(change: Partial<ReturnType<typeof line>> = {}): string {
  const lines = [
    line(change),
    line({ kind: 'late_usage', period_number: 2, amount_minor: -5 }),
    line({ provider: null, model: null, input_tokens: 0, output_tokens: 0, images: 2 }),
  ];
  const month = { startMs: Date.parse('2026-11-01Z'), endMs: Date.parse('2026-12-01Z') };
  const facts = { accountName: 'Acme', issuer: 'Example AG', periodOf: () => month };
  const rows = focusRows(billedTo({ lines }).body, facts);
  return headerLine(focusColumns) + csvLines(focusColumns, rows, false);
}

describe.skipIf(unavailable !== null)('an invoice in FOCUS', () => {
  it(
    'passes every rule of the official validator that a file of ours can pass',
    () => {
      const { passed, failed } = validated(fileOf());
      expect(failed).toEqual(NOT_OURS);
      expect(passed).toBeGreaterThan(150);
    },
    TIMEOUT_MS,
  );

  it(
    'would be found wrong by it',
    () => {
      const text = fileOf().replaceAll('AI and Machine Learning', 'Artificial Wisdom');
      const { failed } = validated(text.replaceAll('Usage-Based', 'Now and then'));
      expect(failed).toEqual(expect.arrayContaining(['ServiceCategory-C-003-M']));
      expect(failed.some((rule) => rule.startsWith('ChargeFrequency'))).toBe(true);
    },
    TIMEOUT_MS,
  );
});
