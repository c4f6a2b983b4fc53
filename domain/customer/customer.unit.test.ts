import { describe, expect, it } from 'vitest';
import { decideArchiveCustomer, decideUpdateCustomer, evolveCustomer } from './customer.ts';
import type { CustomerEvent, TeamEvent } from './customer-events.ts';
import { decideArchiveTeam, decideUpdateTeam, evolveTeam } from './team.ts';

const customer = (...events: CustomerEvent[]) => events.reduce(evolveCustomer, undefined as never);
const team = (...events: TeamEvent[]) => events.reduce(evolveTeam, undefined as never);

/** As they are where nothing is said. */
const lists = { allowed_models: null, denied_models: [] };

describe('a customer', () => {
  const data = {
    ...{ customer_id: 'cus_1', external_id: 'acme', name: 'Acme', time_zone: 'Europe/Berlin' },
    ...{ currency: 'EUR', markup_ppm: 200_000 },
  };
  const unsaid = { ...lists, key_defaults: null, billing_details: null };
  const created = { type: 'CustomerCreated', data } as const;
  const archived = { type: 'CustomerArchived', data: { customer_id: 'cus_1' } } as const;

  it('is as it was created, and not archived', () => {
    expect(customer(created)).toEqual({ ...data, ...unsaid, archived: false });
  });

  it('changes in what an update names, and in nothing else', () => {
    const update = { customer_id: 'cus_1', markup_ppm: 0 };
    const state = customer(created, { type: 'CustomerUpdated', data: update });
    expect(state).toEqual({ ...data, ...unsaid, markup_ppm: 0, archived: false });
  });

  it('keeps all that it was when it is archived', () => {
    expect(customer(created, archived)).toEqual({ ...data, ...unsaid, archived: true });
  });

  it('does not exist before it is created', () => {
    expect(() => customer(archived)).toThrow('CustomerArchived before CustomerCreated');
  });

  it('is updated and archived while it is not archived', () => {
    const states = [customer(created), customer(created, archived), undefined];
    const refused = [{ refused: 'customer_archived' }, { refused: 'customer_not_found' }];
    expect(states.map((state) => decideUpdateCustomer(state, { name: 'A' }))).toEqual([
      { type: 'CustomerUpdated', data: { customer_id: 'cus_1', name: 'A' } },
      ...refused,
    ]);
    expect(states.map((state) => decideArchiveCustomer(state))).toEqual([archived, ...refused]);
  });
});

describe('a team', () => {
  const data = { team_id: 'team_1', customer_id: 'cus_1', external_id: null, name: 'Search' };
  const created = { type: 'TeamCreated', data } as const;
  const archived = { type: 'TeamArchived', data: { team_id: 'team_1' } } as const;

  it('is as it was created, and not archived', () => {
    expect(team(created)).toEqual({ ...data, ...lists, archived: false });
  });

  it('can be given another name', () => {
    const update = { team_id: 'team_1', name: 'Find' };
    const state = team(created, { type: 'TeamUpdated', data: update });
    expect(state).toEqual({ ...data, ...lists, name: 'Find', archived: false });
  });

  it('keeps all that it was when it is archived', () => {
    expect(team(created, archived)).toEqual({ ...data, ...lists, archived: true });
  });

  it('changes its models alone, or its name alone', () => {
    const update = { team_id: 'team_1', denied_models: ['o9'] };
    const state = team(created, { type: 'TeamUpdated', data: update });
    expect(state).toEqual({ ...data, ...lists, denied_models: ['o9'], archived: false });
  });

  it('does not exist before it is created', () => {
    expect(() => team(archived)).toThrow('TeamArchived before TeamCreated');
  });

  it('is updated and archived while it is not archived', () => {
    const states = [team(created), team(created, archived), undefined];
    const refused = [{ refused: 'team_archived' }, { refused: 'team_not_found' }];
    expect(states.map((state) => decideUpdateTeam(state, { name: 'Find' }))).toEqual([
      { type: 'TeamUpdated', data: { team_id: 'team_1', name: 'Find' } },
      ...refused,
    ]);
    expect(states.map((state) => decideArchiveTeam(state))).toEqual([archived, ...refused]);
  });
});
