import { expect, it } from 'vitest';
import { LOOP_BLOCKED_MS_MAX, RSS_MIB_MAX } from './bounds.ts';
import { fuzzBodies } from './fuzz.ts';

it('no body of 2,000 hostile ones stops the proxy, fills it, or makes it fail', async () => {
  const { answers, worstMs, worstShape, rssMib, inFlight } = await fuzzBodies(2_000, 7);
  const slow = worstMs > LOOP_BLOCKED_MS_MAX ? `${worstMs} ms: ${worstShape}` : 'never';
  expect({ slow, internal: answers['internal_error'], inFlight }).toEqual({
    ...{ slow: 'never', internal: undefined, inFlight: 0 },
  });
  expect(rssMib).toBeLessThan(RSS_MIB_MAX);
  // The grammar reaches every refusal that a body can earn, and is read whole now and then.
  expect(Object.keys(answers)).toEqual(
    expect.arrayContaining([
      ...['invalid_json', 'invalid_request', 'json_too_deep', 'json_too_large'],
      ...['ambiguous_json', 'model_not_found'],
    ]),
  );
}, 300_000);
