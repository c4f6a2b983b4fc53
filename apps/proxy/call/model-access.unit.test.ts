/** Calls of keys whose models are limited: what is sent, what is refused, and what a refusal leaves. */
import { ModelAccess, type ModelLists } from '@tollgate/domain/routing/model-access.ts';
import { describe, expect, it, vi } from 'vitest';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type StageOptions } from '../testing/call-stage.ts';
import { chat } from '../testing/calls.ts';
import { rateLimit } from '../testing/rate-house.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
let stage: CallStage;

const models = (lists: Partial<ModelLists>) =>
  new ModelAccess([['team', { allowed_models: null, denied_models: [], ...lists }]]);

async function called(body: string, options: StageOptions) {
  stage = await CallStage.open(books(), options);
  const client = stage.call(body);
  await vi.advanceTimersByTimeAsync(0);
  const { error } = JSON.parse(client.refusal.body ?? '{}') as { error?: Record<string, unknown> };
  return { ...client.refusal, error, client };
}

describe('a call for a model that its key may not use', () => {
  it('is 403, says whose list it is and what to do, and is an event', async () => {
    const { status, headers, error } = await called(chat(), {
      models: models({ denied_models: ['up-*'] }),
      deployments: [{ model: 'up-1' }],
    });
    expect([status, headers?.['x-should-retry'], error]).toEqual([
      403,
      'false',
      {
        message:
          'This team may not use the model `m`, which is `up-1` at its provider: `up-*` is denied. ' +
          'Use a model that GET /v1/models lists, or ask your operator to allow this one.',
        ...{ type: 'permission_error', param: 'model', code: 'model_not_allowed' },
        ...{ scope: 'team', reason: 'denied', pattern: 'up-*', model: 'm', model_served: 'up-1' },
        remedy: {
          action: 'use_another_model',
          text: 'Use a model that GET /v1/models lists, or ask your operator to allow this one.',
        },
      },
    ]);
    expect(stage.events()).toMatchObject([
      { type: 'refusal', error_type: 'model_not_allowed', model_requested: 'm', cost: ZERO },
    ]);
    expect([stage.refused, stage.posts, stage.handler.inFlight]).toEqual([
      ...[['model_not_allowed'], [], 0],
    ]);
  });

  it('takes nothing of its budgets and its rate limits', async () => {
    await called(chat(), {
      models: models({ allowed_models: ['other'] }),
      rateLimits: [rateLimit({ limit: 1 })],
    });
    expect(stage.refused).toEqual(['model_not_allowed']);
    expect(stage.held()).toEqual({ held: 0n, spent: 0n });
    expect(await books().window(await books().define())).toEqual([]);
  });
});

describe('a fallback', () => {
  const route = [{ model: 'first' }, { model: 'second' }];
  const fails = () =>
    stage.last().answer.onFailure({ kind: 'unreachable', unsent: true, cause: new Error('away') });

  // litellm#39998, litellm#38572
  it('that the key may not use is not tried, however its first model fails', async () => {
    const { client } = await called(chat(), {
      models: models({ allowed_models: ['m', 'first'] }),
      deployments: route,
    });
    fails();
    await vi.advanceTimersByTimeAsync(0);
    expect(stage.posts).toHaveLength(1);
    expect(client.got()?.status).toBe(502);
  });

  it('that the key may use is tried, also where the first model is denied', async () => {
    await called(chat(), {
      models: models({ allowed_models: ['m', 'second'] }),
      deployments: route,
    });
    fails();
    await vi.advanceTimersByTimeAsync(0);
    expect(stage.posts.map(({ body }) => JSON.parse(body).model)).toEqual(['first', 'second']);
    await called(chat(), { models: models({ denied_models: ['first'] }), deployments: route });
    expect(stage.posts.map(({ body }) => JSON.parse(body).model)).toEqual(['second']);
  });
});

// litellm#28774, langchain-ai/openwiki#85: the list of a body went to the provider unread.
describe('a request that lets its provider choose another model', () => {
  const others = [
    ['models', ['a', 'b']],
    ['fallbacks', ['b']],
    ['preset', 'p'],
    ['plugins', []],
    ['extra_body', { models: ['b'] }],
  ] as const;

  it.each(others)('by `%s` is refused where models are limited', async (member, value) => {
    const { status, error } = await called(chat({ [member]: value }), {
      ...{ models: models({ denied_models: ['b'] }), budgets: [] },
    });
    expect([status, error]).toMatchObject([
      403,
      { code: 'model_not_allowed', param: member, reason: 'names_other_models' },
    ]);
    expect(stage.posts).toEqual([]);
  });

  it.each(others)('by `%s` passes where they are not', async (member, value) => {
    await called(chat({ [member]: value }), { budgets: [] });
    expect(stage.posts).toHaveLength(1);
  });
});

const ZERO = '0.000000000000';
