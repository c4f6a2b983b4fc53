/** In a process of a planted run: which bug is to be planted, and taking note that it was. */
import { appendFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PLANT_VARIABLE, PLANTED_VARIABLE, plantInto } from './plant.ts';
import { plants } from './plants.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

export type Planting = {
  /** The file's absolute path. */
  path: string;
  edit: (source: string) => string;
};

/** Null in a run without a bug. */
export function currentPlanting(): Planting | null {
  const bug = process.env[PLANT_VARIABLE];
  if (bug === undefined) return null;
  const plant = plants.find((one) => one.bug === bug);
  if (plant === undefined) throw new Error(`there is no bug "${bug}" to plant`);
  return {
    path: root + plant.file,
    edit(source) {
      const edited = plantInto(source, plant);
      appendFileSync(process.env[PLANTED_VARIABLE] ?? '', `${process.pid}\n`);
      return edited;
    },
  };
}
