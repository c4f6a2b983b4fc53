import { expect, it } from 'vitest';
import { checkedLedger } from './checked-ledger.ts';
import type { Ledger } from './ledger.ts';

it('appends no event that would stop every reader', async () => {
  const appended: string[] = [];
  const ledger = checkedLedger({
    append: async (stream, _, events) => {
      appended.push(...events.map(({ type }) => `${stream} ${type}`));
      return { ok: true, revision: 0n, position: '1' };
    },
  } as Ledger);
  const team = { id: '1', type: 'TeamArchived', data: { team_id: 'tea_1' } };
  const attempts = [
    [{ ...team, data: { team_id: '' } }],
    [team, { ...team, type: 'TeamPainted' }],
    [{ ...team, data: { team_id: 'tea_1', more: 1 } }],
  ];
  for (const events of attempts) {
    await expect(ledger.append('team-1', 'no_stream', events)).rejects.toThrow();
  }
  await ledger.append('team-1', 'no_stream', [team]);
  expect(appended).toEqual(['team-1 TeamArchived']);
});
