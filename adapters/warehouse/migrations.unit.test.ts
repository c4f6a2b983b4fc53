import { createHash } from 'node:crypto';
import { globSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { migrations } from './migrations.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const cwd = new URL('./migrations/', import.meta.url);

it('a step that was released is never edited: warehouses that have taken it would differ', () => {
  const digests = migrations.map(({ name, statements }) => [
    name,
    sha256(statements.join('\n;\n')),
  ]);
  expect(digests).toEqual([
    [
      'raw rows, roll-ups, fence, seam and the public views',
      '3a6e1f25e754d9f99a87414c2407bacdb17896105cfa381e3fefe46235288df0',
    ],
    [
      'parts up to 200 MB in one file each',
      '86379f11363939bf97dfafd5d67e128233d466c4b7d73603234ae29710da929f',
    ],
    [
      'usage_quarter_hourly, the true name of usage_hourly',
      'bde22cac9b925263de7a621be9fcea48d906ac64e085cb2207a8c655de862b8a',
    ],
    [
      'the output limit that the gateway set',
      'b7ec031e53936717ed9190b6010e1f4aac61d4a0810bdc76ee0e59e831fb4200',
    ],
    [
      'spend of budgets in every unit',
      '61e9d13de67b89df4c6831d09470635327915f03f2cbcf5083c27e133b2aef00',
    ],
    [
      'whether a budget clamped the output limit',
      '646dbe43b5642ae4d29835136cff35e9979c07fe9f596ece82a60378c6b99a2a',
    ],
    [
      'which limit refused a call, and what each attempt charged to budgets',
      'a9e9378ee3e9350c96b707e9d70a9585b0a0c8d17ceeb9109cc74cddca3e2d55',
    ],
    [
      'what hits of the cache saved',
      '58656bcb65fec35d502462454eab10d3311cbf65e72d20e6c84f52a7013c44db',
    ],
    [
      'how much guardrails replaced in the request',
      '7be7c6f0ddcf8fc755db614ec207b0edc5075302378af1e2f0244ab274d41e73',
    ],
    [
      'how near the question of a semantic hit was',
      'e074334b8edc8e649ef568d10411cc2afd231076533840ebca49fb87fa3adb69',
    ],
    [
      'writes for an hour, tokens of pictures, searches, audio and characters',
      '7eb2ce084b5489e5b2b3f5fd7c80854db47284b3b0b19e5c34b53c65c10ffeb9',
    ],
  ]);
});

it('every file of the folder is a step, in the order of its number, and holds its statements alone', () => {
  const files = globSync('*', { cwd }).sort();
  expect(files.map((file) => Number.parseInt(file, 10))).toEqual(migrations.map((_, i) => i + 1));
  const texts = files.map((file) => readFileSync(new URL(file, cwd), 'utf8'));
  expect(texts).toEqual(migrations.map(({ statements }) => `${statements.join('\n;\n')}\n`));
});
