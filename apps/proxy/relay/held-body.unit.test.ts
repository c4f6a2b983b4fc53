import { expect, it } from 'vitest';
import { HeldBody } from './held-body.ts';

const HELD_MAX = 10;
const TAIL = 4;

/** Pushes chunks of these lengths. @returns what left at each, and what was held in the end */
function push(...lengths: number[]) {
  const body = new HeldBody(HELD_MAX, TAIL);
  const left = lengths.map((length, index) =>
    Buffer.concat(body.push(Buffer.alloc(length, String(index)))).toString(),
  );
  const held = Buffer.concat(body.end()).toString();
  return { left, held, isWhole: body.isWhole, bytes: body.bytes().toString() };
}

it('I9: a body up to the bound is held whole', () => {
  const whole = { left: ['', ''], held: '0000011111', isWhole: true, bytes: '0000011111' };
  expect(push(5, 5)).toEqual(whole);
  expect(push()).toEqual({ left: [], held: '', isWhole: true, bytes: '' });
});

it('I9: a larger one passes, and at least the end that is searched for the usage waits', () => {
  expect(push(5, 5, 1)).toEqual({
    left: ['', '', '00000'],
    held: '111112',
    isWhole: false,
    bytes: '111112',
  });
  // Of exactly that length is enough.
  expect(push(7, TAIL)).toMatchObject({ left: ['', '0000000'], held: '1111' });
  expect(push(8, TAIL - 1)).toMatchObject({ left: ['', ''], held: '00000000111' });
});

it('I11: passes in the order in which it came', () => {
  expect(push(2, 2, 2, 9)).toMatchObject({ left: ['', '', '', '001122'], held: '333333333' });
});

it('once it passes it goes on to pass, however short what comes is', () => {
  expect(push(6, 6, 1, 1, 2)).toMatchObject({
    left: ['', '000000', '', '', '111111'],
    held: '2344',
    isWhole: false,
  });
});

it.each([
  ['held', 2 * 1024 * 1024, TAIL, 70],
  ['passed', 70_000, TAIL, 20],
  ['passed', 300, 200, 40],
  ['passed', 70_000, 65_536, 40],
])('many small chunks are %s in order, and few pieces wait', (_, heldMax, tail, piecesMax) => {
  const body = new HeldBody(heldMax, tail);
  const left: Buffer[] = [];
  const all: Buffer[] = [];
  let pieces = 0;
  for (let number = 0; number < 100_000; number++) {
    const chunk = Buffer.from(`${number},`.padStart(7));
    // Some large ones are among them.
    if (number % 10_000 === 0) all.push(Buffer.alloc(40_000, String(number)));
    else all.push(chunk);
    left.push(...body.push(all.at(-1) as Buffer));
    pieces = Math.max(pieces, body.pieces);
  }
  expect([pieces, pieces < piecesMax]).toEqual([pieces, true]);
  expect(Buffer.concat([...left, ...body.end()]).equals(Buffer.concat(all))).toBe(true);
});

it('I11: byte by byte no byte comes twice or is lost, whenever the first ones leave', () => {
  for (const heldMax of [8, 15, 16, 17, 30, 70, 100]) {
    for (const tail of [1, 14, 16, 30, 60]) {
      const all = Buffer.from(Array.from({ length: 250 }, (_, at) => at));
      const body = new HeldBody(heldMax, tail);
      const left = [...all].flatMap((byte) => body.push(Buffer.from([byte])));
      expect([heldMax, tail, Buffer.concat([...left, ...body.end()])]).toEqual([
        ...[heldMax, tail, all],
      ]);
    }
  }
});
