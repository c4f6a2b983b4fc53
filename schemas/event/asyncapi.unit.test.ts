import { describe, expect, it } from 'vitest';
import { asyncApiDocument } from './asyncapi.ts';
import { usageEvent } from './usage-event.ts';

/** Where a `$ref` of the document points to. */
function lookUp(document: unknown, reference: string): unknown {
  return reference
    .replace('#/', '')
    .split('/')
    .reduce((at, step) => (at as Record<string, unknown>)?.[step], document);
}

describe('the AsyncAPI document', () => {
  const document = asyncApiDocument('acme');

  it('names the topics of the installation', () => {
    const addresses = Object.values(document['channels'] as Record<string, { address: string }>);
    expect(addresses.map(({ address }) => address)).toEqual(['acme.usage', 'acme.dead_letter']);
  });

  it('says every field of the usage event, and that there are no others', () => {
    const payload = lookUp(document, '#/components/messages/usageEvent/payload') as {
      properties: object;
      additionalProperties: boolean;
    };
    expect(Object.keys(payload.properties)).toEqual(Object.keys(usageEvent.shape));
    expect(payload.additionalProperties).toBe(false);
  });

  it('has no reference into the void', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g);
    for (const [, reference] of references) {
      expect([reference, lookUp(document, reference as string)]).not.toContain(undefined);
    }
  });
});
