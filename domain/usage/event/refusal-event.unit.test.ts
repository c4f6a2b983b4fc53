import { expect, it } from 'vitest';
import { type RefusalFacts, refusalEvent } from './refusal-event.ts';

const ID = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';

const facts: RefusalFacts = {
  ...{ eventId: ID, callId: ID, instanceId: 'ins_1', endpoint: 'chat', atMs: 0 },
  key: { customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live', tags: {} },
  request: { model: '', stream: false, endUser: '' },
  code: 'model_not_found',
} as RefusalFacts;

it('says which limit it was, and has no such member where it was none', () => {
  const limit = {
    ...{ kind: 'rate_limit' as const, rate_limit_id: 'rtl_1', limit: '2' },
    ...{ remaining: '0', needed: '1' },
  };
  expect(refusalEvent({ ...facts, limit }).refusal).toEqual(limit);
  expect(refusalEvent(facts)).not.toHaveProperty('refusal');
});

it('an empty name is what the client said, and not the absence of one', () => {
  expect(refusalEvent(facts)).toMatchObject({ model_requested: '', end_user: '' });
  expect(refusalEvent({ ...facts, request: null })).toMatchObject({
    model_requested: null,
    end_user: null,
  });
});
