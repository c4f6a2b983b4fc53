/** What cannot work: said within 2 s of what Node and npm need themselves, and nothing is made. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hour } from '../hour.ts';
import { writeConfig } from '../installation.ts';
import { typed } from '../terminal.ts';
import { assertRefused, WRONG_STARTS } from '../wrong-starts.ts';

const REFUSED_WITHIN_MS = 2_000;
/** A machine that is busy for a moment is no defect. */
const TRIES = 3;

export async function wrongConfigurations(hour: Hour, folder: string): Promise<void> {
  const ownMs = await timed(() => typed(['npm', 'start', '--silent', '--', '--help']));
  for (const wrong of WRONG_STARTS) {
    await hour.step(`a start with ${wrong.title}`, async () => {
      let bestMs = Number.POSITIVE_INFINITY;
      for (let i = 0; i < TRIES && bestMs >= REFUSED_WITHIN_MS; i += 1) {
        bestMs = Math.min(bestMs, (await timed(() => assertRefused(wrong))) - ownMs);
      }
      assert.ok(bestMs < REFUSED_WITHIN_MS, `it took ${Math.round(bestMs)} ms`);
    });
  }
  const checkConfig = (file: string, environment: Record<string, string>) =>
    typed(
      ['npm', 'run', '--silent', 'tollgate', '--', 'check-config', '--config', file],
      environment,
    );
  await hour.step('check-config says that a good file is fine', async () => {
    const file = writeConfig(folder, 'http://127.0.0.1:9');
    const { code, errorLines } = await checkConfig(file, { OPENAI_API_KEY: 'sk-x' });
    assert.deepEqual([code, errorLines], [0, ['The configuration is fine.']]);
  });
  await hour.step(
    'check-config warns of a base URL without /v1, and of an unpriced model',
    async () => {
      const file = join(folder, 'tollgate.yaml');
      const models = 'models:\n  mine: { provider: openai, model: my-own }\n';
      writeFileSync(
        file,
        `providers:\n  openai: { base_url: "https://api.openai.com" }\n${models}`,
      );
      const { code, errorLines } = await checkConfig(file, {});
      const [noV1 = '', unpriced = ''] = errorLines;
      assert.equal(code, 1);
      assert.match(noV1, /^warning: providers\.openai\.base_url: has no \/v1/);
      assert.match(
        unpriced,
        /^warning: models\.mine: its calls are refused, .* state it in `prices`/,
      );
    },
  );
  await hour.step('a command that does not exist names those that do', async () => {
    const { code, errorLines } = await typed([
      'npm',
      'run',
      '--silent',
      'tollgate',
      '--',
      'bugdets',
    ]);
    assert.deepEqual([code, errorLines.length], [2, 1]);
    assert.match(
      errorLines[0] ?? '',
      /^There is no command bugdets\. Did you mean budgets\? There are: .*check-config/,
    );
  });
}

async function timed(run: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await run();
  return performance.now() - startMs;
}
