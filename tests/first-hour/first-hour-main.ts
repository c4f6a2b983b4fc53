/** `npm run test:first-hour [-- --only WORD]`: what a newcomer does, step by step (README.md). */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { aRealProvider } from './chapters/a-real-provider.ts';
import { nothingConfigured } from './chapters/nothing-configured.ts';
import { wrongConfigurations } from './chapters/wrong-configurations.ts';
import { Hour } from './hour.ts';

const CHAPTERS = [
  ['Nothing is configured', nothingConfigured],
  ['Configurations that cannot work', wrongConfigurations],
  ['A real provider and a budget of $1', aRealProvider],
] as const;

const { values } = parseArgs({ options: { only: { type: 'string', default: '' } } });
const chosen = CHAPTERS.filter(([name]) => name.toLowerCase().includes(values.only.toLowerCase()));
if (chosen.length === 0) {
  console.error(`--only: no chapter has ${values.only} in its name`);
  process.exit(2);
}
const hour = new Hour();
for (const [name, chapter] of chosen) {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-first-hour-'));
  await hour.chapter(name, () => chapter(hour, folder));
  rmSync(folder, { recursive: true, force: true });
}
process.exit(hour.end());
