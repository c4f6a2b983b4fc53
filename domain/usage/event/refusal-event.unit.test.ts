import { expect, it } from 'vitest';
import { type RefusalFacts, refusalEvent } from './refusal-event.ts';

const ID = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';

it('an empty name is what the client said, and not the absence of one', () => {
  const facts: RefusalFacts = {
    ...{ eventId: ID, callId: ID, instanceId: 'ins_1', endpoint: 'chat', atMs: 0 },
    key: { customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live', tags: {} },
    request: { model: '', stream: false, endUser: '' },
    code: 'model_not_found',
  } as RefusalFacts;
  expect(refusalEvent(facts)).toMatchObject({ model_requested: '', end_user: '' });
  expect(refusalEvent({ ...facts, request: null })).toMatchObject({
    model_requested: null,
    end_user: null,
  });
});
