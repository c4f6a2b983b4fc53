import type { TeamEvent } from '@tollgate/domain/customer/customer-events.ts';
import { evolveTeam, type Team } from '@tollgate/domain/customer/team.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { appendDecided, type Command } from './append-decided.ts';
import { teamEvents } from './categories.ts';
import { ledgerEventId } from './event-ids.ts';
import { newLedgerEvent } from './new-event.ts';
import {
  type AppendFate,
  type LedgerHouse,
  openLedgerHouse,
  withFates,
} from './testing/ledger-house.ts';

let house: LedgerHouse;
beforeAll(async () => {
  house = await openLedgerHouse();
});
afterAll(() => house.close());

const bounds = { conflictsMax: 2, failuresMax: 2, pageEvents: 2 };
let teams = 0;

type Rename = Command<Team, TeamEvent, string>;

/** A team of its own, and the command to rename it. */
async function newTeam(name = 'new') {
  const id = `team_${++teams}`;
  const stream = teamEvents.of(id);
  const data = { team_id: id, customer_id: 'cus_1', external_id: null, name: 'old' };
  const created = newLedgerEvent(stream, { type: 'TeamCreated', data }, 'create');
  await house.ledger.append(stream, 'no_stream', [created]);
  const decided: (Team | undefined)[] = [];
  const command: Rename = {
    category: teamEvents,
    id,
    commandId: 'rename',
    evolve: evolveTeam,
    decide: (state) => {
      decided.push(state);
      return { type: 'TeamUpdated', data: { team_id: id, name } };
    },
  };
  const others = async () => {
    const past = await house.ledger.read(stream);
    const event = {
      type: 'TeamUpdated',
      data: { team_id: id, name: `other ${past.length}` },
    } as const;
    const other = newLedgerEvent(stream, event, `other ${past.length}`);
    await house.ledger.append(stream, past.at(-1)?.revision ?? 'no_stream', [other]);
  };
  const names = async () =>
    (await house.ledger.read(stream)).map(({ data }) => (data as { name: string }).name);
  const run = (...fates: AppendFate[]) =>
    appendDecided(withFates(house.ledger, fates), command, bounds);
  return { id, stream, command, decided, others, names, run };
}

describe('a command on one object', () => {
  it('answers with the state after it, from all pages of the stream', async () => {
    const { stream, run, others } = await newTeam();
    await others();
    await others();
    const outcome = await run();
    const past = await house.ledger.read(stream);
    expect(outcome).toMatchObject({
      kind: 'done',
      decided: {
        state: { name: 'new' },
        revision: 3n,
        createdAtMs: past[0]?.recordedAtMs,
        updatedAtMs: past[3]?.recordedAtMs,
      },
    });
    expect(past[3]?.id).toBe(ledgerEventId(stream, 'TeamUpdated', 'rename'));
  });

  it('is carried out once, however often it is repeated', async () => {
    const { run, names, decided, others } = await newTeam();
    await run();
    await others();
    expect(await run()).toMatchObject({ kind: 'done', decided: { state: { name: 'other 2' } } });
    expect(await names()).toEqual(['old', 'new', 'other 2']);
    expect(decided).toHaveLength(1);
  });

  it('creates an object that does not exist', async () => {
    const { command } = await newTeam();
    const id = `team_${++teams}`;
    const data = { team_id: id, customer_id: 'cus_1', external_id: null, name: 'made' };
    const create: Rename = {
      ...command,
      id,
      decide: (state) =>
        state === undefined ? { type: 'TeamCreated', data } : { refused: 'taken' },
    };
    expect(await appendDecided(house.ledger, create, bounds)).toMatchObject({
      kind: 'done',
      decided: { state: { name: 'made' }, revision: 0n },
    });
    const other = { ...create, commandId: 'another' };
    const outcome = await appendDecided(house.ledger, other, bounds);
    expect(outcome).toEqual({ kind: 'refused', refusal: 'taken' });
  });

  it('changes nothing where there is nothing to change', async () => {
    const { command, names } = await newTeam();
    const idle = { ...command, decide: () => null };
    expect(await appendDecided(house.ledger, idle, bounds)).toMatchObject({
      kind: 'done',
      decided: { state: { name: 'old' }, revision: 0n },
    });
    expect(await names()).toEqual(['old']);
    const nowhere = { ...idle, id: 'team_nowhere' };
    const outcome = await appendDecided(house.ledger, nowhere, bounds);
    expect(outcome).toMatchObject({ kind: 'unavailable' });
    expect(String((outcome as { cause: unknown }).cause)).toContain('team-team_nowhere');
  });
});

describe('a command whose append', () => {
  it('comes second is decided again from what came first', async () => {
    const { run, others, names, decided } = await newTeam();
    expect(await run(others, others)).toMatchObject({ kind: 'done' });
    expect(await names()).toEqual(['old', 'other 1', 'other 2', 'new']);
    expect(decided.map((state) => state?.name)).toEqual(['old', 'other 1', 'other 2']);
  });

  it('comes second every time ends as contended, after the stated number of tries', async () => {
    const { run, others, names, decided } = await newTeam();
    expect(await run(others, others, others)).toEqual({ kind: 'contended' });
    expect(decided).toHaveLength(bounds.conflictsMax + 1);
    expect(await names()).not.toContain('new');
  });

  it('gets no answer is read back: one event, one decision', async () => {
    const { run, names, decided } = await newTeam();
    expect(await run('answer_lost')).toMatchObject({
      kind: 'done',
      decided: { state: { name: 'new' }, revision: 1n },
    });
    expect(await names()).toEqual(['old', 'new']);
    expect(decided).toHaveLength(1);
  });

  it('did not arrive is tried again, up to the stated number of failures', async () => {
    const { run, names, decided } = await newTeam();
    expect(await run('lost', 'lost')).toMatchObject({ kind: 'done', decided: { revision: 1n } });
    expect(await names()).toEqual(['old', 'new']);
    expect(decided).toHaveLength(3);
  });

  it('never arrives ends as unavailable, with the cause', async () => {
    const { run, names, decided } = await newTeam();
    const outcome = await run('lost', 'lost', 'lost');
    expect(outcome).toEqual({ kind: 'unavailable', cause: new Error('lost') });
    expect(await names()).toEqual(['old']);
    expect(decided).toHaveLength(3);
  });
});
