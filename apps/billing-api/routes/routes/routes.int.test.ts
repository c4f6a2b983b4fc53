/** /v1/routes over the real embedded stores. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

type Version = { version: number; effective_from: string; terms: { retries: number } };
type Shown = { id: string; current: Version | null; scheduled: Version[]; status: string };
type Problem = { code: string };

let house: ApiHouse;
beforeAll(async () => {
  house = await openApiHouse({
    models: { mini: { provider: 'openai', model: 'gpt-4o-mini' }, own: { provider: 'openai' } },
  });
});
afterAll(() => house?.close());

const candidates = [{ model: 'gpt-4o' }, { model: 'claude-sonnet', weight: 3 }];
const publish = <T = Shown>(body: object) => house.post<T>('/v1/routes', { candidates, ...body });

describe('/v1/routes', () => {
  it('publishes versions that replace each other, with what is usual where nothing is said', async () => {
    const first = await publish({ route: 'smart' });
    expect([first.status, first.json]).toMatchObject([
      201,
      {
        ...{ object: 'route', id: 'smart', status: 'active', archived: false, scheduled: [] },
        current: {
          version: 1,
          terms: {
            ...{ strategy: 'fixed', retries: 0, timeout_ms: null, rules: [], regions: null },
            candidates: [
              { model: 'gpt-4o', provider: null, weight: 1, supports: null, region: null },
              { model: 'claude-sonnet', weight: 3 },
            ],
          },
        },
      },
    ]);
    const second = await publish({ route: 'smart', retries: 2 });
    expect(second.json.current).toMatchObject({ version: 2, terms: { retries: 2 } });
    expect((await house.get('/v1/routes/smart')).json).toEqual(second.json);
  });

  it('dates a version: until then the one before is in force', async () => {
    await publish({ route: 'dated' });
    const effective_from = new Date(Date.now() + 86_400_000).toISOString();
    const { json } = await publish({ route: 'dated', retries: 5, effective_from });
    expect([json.current?.version, json.scheduled]).toMatchObject([
      1,
      [{ version: 2, effective_from, terms: { retries: 5 } }],
    ]);
    // A date that has passed is now: no call of yesterday had this route.
    const past = await publish({ route: 'dated', effective_from: '2020-01-01' });
    expect(past.json.current?.version).toBe(3);
    expect(Date.parse(past.json.current?.effective_from ?? '')).toBeGreaterThan(
      Date.now() - 60_000,
    );
  });

  it('answers a repetition with the version that it made', async () => {
    const headers = { 'idempotency-key': 'route-once' };
    const body = { route: 'once', candidates };
    const [one, two] = [
      await house.post<Shown>('/v1/routes', body, headers),
      await house.post<Shown>('/v1/routes', body, headers),
    ];
    expect([one.json.current?.version, two.json.current?.version]).toEqual([1, 1]);
  });

  it('ends a route with all that is to come, and takes a new one of its name', async () => {
    await publish({ route: 'ends' });
    await publish({ route: 'ends', effective_from: new Date(Date.now() + 1e8).toISOString() });
    const { json } = await house.post<Shown>('/v1/routes/ends/archive', '');
    expect(json).toMatchObject({ current: null, scheduled: [], status: 'archived' });
    const again = await house.post<Problem>('/v1/routes/ends/archive', '');
    expect([again.status, again.json.code]).toEqual([409, 'route_archived']);
    const archived = await house.get<{ data: Shown[] }>('/v1/routes?status=archived');
    expect(archived.json.data.map(({ id }) => id)).toEqual(['ends']);
    expect((await publish({ route: 'ends' })).json.current?.version).toBe(3);
  });

  it('takes the calls of a model of the configuration only if it is told to', async () => {
    const refused = await publish<Problem>({ route: 'mini' });
    expect([refused.status, refused.json.code]).toEqual([409, 'route_hides_model']);
    expect((await house.get<Problem>('/v1/routes/mini')).json.code).toBe('route_not_found');
    const { status, json } = await publish({ route: 'mini', replaces_model: true });
    expect([status, json.current?.version]).toEqual([201, 1]);
    expect(json.current?.terms).not.toHaveProperty('replaces_model');
  });

  it.each([
    ['by its alias and by its own name', 'mini', { model: 'gpt-4o-mini', provider: 'openai' }],
    ['by its name alone and with its provider', 'own', { model: 'own', provider: 'openai' }],
  ])('refuses one deployment twice, named %s', async (_, model, other) => {
    const wrong = { route: 'wrong', candidates: [{ model: 'a' }, { model }, other] };
    const { status, json } = await publish<Problem & { errors: { path: string }[] }>(wrong);
    expect([status, json.errors[0]?.path]).toEqual([400, 'candidates.2']);
  });

  // litellm#39657: a misspelt fallback was accepted, and failed at the first failure.
  it('refuses what it would not do', async () => {
    const rule = (more: object) => ({ rules: [{ when: {}, ...more }] });
    const wrong = [
      { candidates: [] },
      { candidates: [{ model: 'a' }, { model: 'a' }] },
      { candidates: [{ model: 'a', wieght: 1 }] },
      { strategy: 'weighted', candidates: [{ model: 'a', weight: 0 }] },
      { strategy: 'random' },
      { fallback_on: ['everything'] },
      { retries: 9 },
      { timeout_ms: 0 },
      { max_price: { input: 0.1 } },
      rule({ candidates: ['nobody'] }),
      rule({ when: { input_tokens_from: 9, input_tokens_below: 9 } }),
      rule({ when: { time: { from: '24:00', to: '06:00' } } }),
      rule({ when: { headers: { 'X-Tier': ['gold'] } } }),
      { route: 'with space' },
    ];
    for (const one of wrong) {
      const { status } = await publish({ route: 'wrong', ...one });
      expect([one, status]).toEqual([one, 400]);
    }
    expect((await house.get<Problem>('/v1/routes/wrong')).json.code).toBe('route_not_found');
  });
});
