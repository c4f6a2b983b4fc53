/**
 * Clients of Python as they are, against the proxy: what each can do is a row of docs/clients.md, and what
 * they used is the provider's bill.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ClientHouse, openClientHouse } from './house.ts';
import { PYTHON_SCRIPTS, pythonWithClients, seenInPython } from './python-clients.ts';
import { committedRow, rowOf } from './table.ts';

const found = pythonWithClients();
const python = 'python' in found ? found.python : '';
if ('missing' in found) console.error(`NOT TESTED: clients of Python. ${found.missing}`);

describe.skipIf('missing' in found)('clients of Python', () => {
  let house: ClientHouse;
  beforeAll(async () => {
    house = await openClientHouse();
  });
  afterAll(() => house?.close());

  it.each(PYTHON_SCRIPTS)('%s', async (...script) => {
    const rows = await seenInPython(python, script, house.gate);
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.map(rowOf)).toEqual(rows.map(({ name }) => committedRow(name)));
  });

  it('I1, I8: what they used is what the provider has charged', async () => {
    const { billed, events, calls } = await house.figures();
    expect(events).toBe(billed);
    expect(calls).toBeGreaterThan(PYTHON_SCRIPTS.length * 5);
  });
});
