/** Commands as people type them, against a real billing API. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CliHouse, openCliHouse } from '../testing/cli-house.ts';
import { wordsOf } from '../testing/run-in-process.ts';

let house: CliHouse;
beforeAll(async () => {
  house = await openCliHouse();
  await house.api.post('/v1/customers', { name: 'Acme', external_id: 'acme' });
});
afterAll(() => house.close());

const typed = (line: string, more = {}) => house.run(wordsOf(line).slice(1), more);
const json = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('keys and budgets', () => {
  it('a secret is the whole output of the command that makes it, and is never shown again', async () => {
    const made = await typed('tollgate keys create ci --customer acme --tag app=batch');
    expect([made.code, made.out]).toEqual([0, expect.stringMatching(/^tg_live_\w+\n$/)]);
    const [id = ''] = /key_\w+/.exec(made.err) ?? [];
    const shown = await typed(`tollgate keys show ${id}`);
    expect(shown.out).toMatch(/name +ci\n.*\n.*\nenvironment +live\nstatus +active/);
    expect(shown.out + shown.err).not.toContain(made.out.trim());
    expect((await typed(`tollgate keys revoke ${id} --reason "it was in a log"`)).code).toBe(0);
    const [key] = json((await typed('tollgate keys list --status revoked --json')).out);
    expect(key).toMatchObject({ id, status: 'revoked', secret: null });
  });

  it('a budget takes amounts in its own unit alone', async () => {
    const made = await typed('tollgate budgets create $5 --customer acme');
    const id = made.out.trim();
    expect(id).toMatch(/^bud_/);
    expect(await typed(`tollgate budgets set ${id} 1.5k`)).toMatchObject({
      ...{ code: 0, err: '$5.00 → $1,500.00 per month.\n' },
    });
    const refused = await typed(`tollgate budgets set ${id} "10 EUR"`);
    expect([refused.code, refused.err]).toEqual([
      ...[2, expect.stringContaining('the budget is in USD, and 10 EUR is not: write it as $10')],
    ]);
    const raised = await typed(`tollgate budgets raise ${id} $10 --until "in 2h" --json`);
    expect(json(raised.out)).toMatchObject([{ object: 'raise', amount: '10.000000000000' }]);
    const listed = await typed('tollgate budgets list --customer acme');
    expect(listed.out).toMatch(new RegExp(`^${id}.* month +\\$1,510\\.00 +\\$0\\.00`, 'm'));
    expect((await typed(`tollgate budgets archive ${id}`)).err).toBe(`Budget ${id} is archived.\n`);
  });

  it('a list of any length is read page by page, and as far as it is wanted', async () => {
    for (let n = 0; n < 3; n++) await typed(`tollgate customers create many-${n}`);
    house.requests.length = 0;
    const some = await typed('tollgate customers list --most 2 --json');
    expect(json(some.out).map(({ name }) => name)).toEqual(['many-2', 'many-1']);
    expect(house.requests).toEqual(['GET /v1/customers?limit=2']);
  });
});

describe('what cannot be done', () => {
  it('a refusal of the API is its own sentence and what to do, and ends with 1', async () => {
    expect(await typed('tollgate keys show key_none')).toMatchObject({
      ...{
        code: 1,
        out: '',
        err: expect.stringMatching(/^There is no such key.*\(key_not_found\)\n$/i),
      },
    });
  });

  it('a token that is not valid here is said to be so', async () => {
    const environment = { TOLLGATE_ADMIN_TOKEN: 'tgadm_wrong' };
    const { code, err } = await typed('tollgate keys list', { environment });
    expect([code, err]).toEqual([1, expect.stringContaining('The token is not valid here')]);
  });
});
