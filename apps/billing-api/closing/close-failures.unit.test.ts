/** Runs in which one call fails, call by call. */
import { expect, it } from 'vitest';
import { AFTER_JANUARY, bodyOf, JANUARY } from './testing/january.ts';
import { MemoryHouse } from './testing/memory-house.ts';

/** A house whose January can be closed. */
async function ready(): Promise<MemoryHouse> {
  const house = new MemoryHouse();
  await house.january('cus_a');
  house.usage.use('cus_a', JANUARY);
  house.usage.use('cus_a', JANUARY, { cost: null, partition: 1 });
  house.store.done.length = 0;
  return house;
}

/** Of both stores, and of the log. */
function failAt(house: MemoryHouse, place: number): { reached: () => string | undefined } {
  let seen = 0;
  let reached: string | undefined;
  const before = (call: string) => {
    if (seen++ !== place) return;
    reached = call;
    throw new Error(`no ${call}`);
  };
  house.store.before = before;
  house.usage.warehouse.before = before;
  house.usage.beforeEnds = () => before('ends of the log');
  return { reached: () => reached };
}

async function bill(house: MemoryHouse) {
  const { lines, totals, unresolved, leaves } = bodyOf(await house.billing('cus_a'), 1);
  return { lines, totals, unresolved, leaves, states: await house.states('cus_a') };
}

it('says of any call that fails which one it was, and the next run makes the same bill (I4)', async () => {
  const sound = await ready();
  await sound.closeAt(AFTER_JANUARY, ['cus_a']);
  const expected = await bill(sound);
  const unnoticed: string[] = [];
  let place = 0;
  for (;;) {
    const house = await ready();
    const { reached } = failAt(house, place++);
    const { failed } = await house.closeAt(AFTER_JANUARY, ['cus_a']);
    const call = reached();
    if (call === undefined) break;
    const [failure] = failed;
    const said = failure !== undefined && 'error' in failure ? String(failure.error) : '';
    if (failed.length !== 1 || said !== `Error: no ${call}`) unnoticed.push(`${place}: ${call}`);
    failAt(house, Number.POSITIVE_INFINITY);
    await house.closeAt(AFTER_JANUARY, ['cus_a']);
    expect(await bill(house)).toEqual(expected);
  }
  expect(unnoticed).toEqual([]);
  expect(place).toBeGreaterThan(25);
});
