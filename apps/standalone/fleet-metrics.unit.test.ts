import { type Family, labelsOf, single } from '@tollgate/adapters/metrics/families.ts';
import { parseExposition, sumOf } from '@tollgate/adapters/metrics/testing/parse-exposition.ts';
import { expect, it } from 'vitest';
import { FleetMetrics, type Member } from './fleet-metrics.ts';

/** A process as the supervisor sees it: the test says what it is and what it measures. */
class TestChild implements Member {
  readonly name: string;
  pid: number | null;
  restarts = 0;
  /** Calls by model; null: it does not answer. */
  calls: Record<string, number> | null = {};

  constructor(name: string, pid: number) {
    this.name = name;
    this.pid = pid;
  }

  async families(): Promise<Family[] | null> {
    if (this.calls === null) return null;
    const samples = Object.entries(this.calls).map(([model, count]): [string, string, number] => {
      return ['', labelsOf({ model }), count];
    });
    return [
      { name: 'calls_total', type: 'counter', help: 'Calls.', samples },
      single('running', 'gauge', 'Running.', 1),
    ];
  }
}

async function scrape(fleet: FleetMetrics) {
  const read = parseExposition(await fleet.text());
  const of = (process: string, model: string) => sumOf(read, 'calls_total', { process, model });
  return {
    calls: [of('proxy-1', 'a'), of('proxy-1', 'b'), of('proxy-2', 'a')],
    running: sumOf(read, 'running'),
    up: sumOf(read, 'tollgate_process_up'),
    restarts: sumOf(read, 'tollgate_process_restarts_total', { process: 'proxy-1' }),
    names: [...read.keys()],
  };
}

it('a killed process takes no count with it: its successor goes on where it was', async () => {
  const [first, second] = [new TestChild('proxy-1', 1), new TestChild('proxy-2', 2)];
  const fleet = new FleetMetrics([first, second]);
  first.calls = { a: 5, b: 2 };
  second.calls = { a: 7 };
  expect(await scrape(fleet)).toMatchObject({ calls: [5, 2, 7], running: 2, up: 2, restarts: 0 });
  // It is dead: its counts stay, and nothing is said of what it does now.
  first.calls = null;
  expect(await scrape(fleet)).toMatchObject({ calls: [5, 2, 7], running: 1, up: 1 });
  // Another one in its place, which has met one of the two models.
  Object.assign(first, { pid: 3, restarts: 1, calls: { a: 1 } });
  expect(await scrape(fleet)).toMatchObject({ calls: [6, 2, 7], running: 2, up: 2, restarts: 1 });
  Object.assign(first, { pid: 4, restarts: 2, calls: { b: 1 } });
  expect(await scrape(fleet)).toMatchObject({ calls: [6, 3, 7], restarts: 2 });
});

it('a process that was stopped and goes on is the same one', async () => {
  const child = new TestChild('proxy-1', 1);
  const fleet = new FleetMetrics([child]);
  child.calls = { a: 5 };
  await scrape(fleet);
  child.calls = null;
  await scrape(fleet);
  child.calls = { a: 6 };
  expect((await scrape(fleet)).calls[0]).toBe(6);
});

it('the supervisor itself is among the processes', async () => {
  const { names } = await scrape(new FleetMetrics([]));
  expect(names).toContain('process_resident_memory_bytes');
});
