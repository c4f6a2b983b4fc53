import { ServerResponse } from 'node:http';
import { expect, it } from 'vitest';
import type { AttemptFacts } from './attempt-facts.ts';
import { answerHeaders } from './headers.ts';

it.each(['gpt-5-nano-日', 'a\nb', 'half \ud83d', 'ÿ', 'plain-model_1.0'])(
  'whatever a client calls a model can stand in a header: %j',
  (model) => {
    const deployment = { provider: { name: 'p' }, model, price: null };
    const facts = { callId: 'c', attempt: 1, holds: [], deployment } as unknown as AttemptFacts;
    const headers = answerHeaders({}, { facts, cost: null, overheadUs: null });
    const response = new ServerResponse({ method: 'GET' } as never);
    response.writeHead(200, headers);
    const sent = String(response.getHeader('x-tollgate-model') ?? headers['x-tollgate-model']);
    expect(decodeURIComponent(sent)).toBe(model.toWellFormed());
  },
);
