/** Ctrl-C while a stream runs, the next start, and an admin token that is lost. */
import assert from 'node:assert/strict';
import { type Hour, until } from '../hour.ts';
import { Installation } from '../installation.ts';
import { typed } from '../terminal.ts';
import { messages, PROVIDER_KEY, type Scene } from './scene.ts';

const TOKENS = 60;

export async function stopAndGoOn(hour: Hour, scene: Scene): Promise<void> {
  const { key, data, config } = scene;
  const tollgate = (...words: string[]) =>
    typed(
      ['npm', 'run', '--silent', 'tollgate', '--', ...words, '--data', data, '--config', config],
      PROVIDER_KEY,
    );
  let spent = '';
  const spentNow = async () => {
    const budget = await scene.installation
      .api(scene.token)
      .get<{ current: { spent: string } }>(`/v1/budgets/${scene.budgetId}`);
    return budget.current.spent;
  };

  await hour.step('Ctrl-C while a stream runs: it ends whole, and nothing runs on', async () => {
    spent = await spentNow();
    const stream = await scene.installation.sdk(key.secret).chat.completions.create({
      ...{ model: 'gpt-4o', messages, stream: true },
      stream_options: { include_usage: true },
      metadata: { sim_output_tokens: `${TOKENS}`, sim_token_pace_ms: '50', sim_chunk_tokens: '1' },
    });
    let ended: Promise<void> | undefined;
    let tokens: number | undefined;
    let finish = '';
    for await (const { choices, usage } of stream) {
      ended ??= scene.installation.interrupt();
      finish = choices[0]?.finish_reason ?? finish;
      tokens = usage?.completion_tokens ?? tokens;
    }
    assert.deepEqual([finish, tokens], ['stop', TOKENS]);
    await ended;
  });

  await hour.step(
    'the next start: no token, no warning, the key and the budget as they were',
    async () => {
      scene.installation = await Installation.start(data, ['--config', config], PROVIDER_KEY);
      assert.deepEqual([scene.installation.token, scene.installation.terminal.errors], [null, '']);
      assert.ok(Number(await spentNow()) > Number(spent), 'the stream is not in the budget');
      const { response } = await scene.installation
        .sdk(key.secret)
        .chat.completions.create({ model: 'gpt-4o', messages })
        .withResponse();
      assert.equal(response.status, 200);
    },
  );

  await hour.step('a lost admin token: reset prints another, and the old one stops', async () => {
    const { code, output } = await tollgate('admin-token', 'reset');
    assert.equal(code, 0);
    assert.match(output, /^tgadm_\S+\n$/);
    const old = scene.token;
    scene.token = output.trim();
    const status = async (token: string) => {
      const headers = { authorization: `Bearer ${token}` };
      return (await fetch(`${scene.installation.apiUrl}/v1/keys`, { headers })).status;
    };
    await until('the new one works', async () =>
      (await status(scene.token)) === 200 ? 1 : undefined,
    );
    assert.equal(await status(old), 401);
  });

  await hour.step('an audit after the end finds no difference', async () => {
    await scene.installation.interrupt();
    const { code, errorLines } = await tollgate('audit');
    assert.deepEqual([code, errorLines.at(-1)], [0, 'No differences.']);
  });
}
