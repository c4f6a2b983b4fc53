/** Presets of providers: what a configuration need not say. */

import { waitForUpdate } from '@pydantic/genai-prices';
import { presetNames } from '@tollgate/schemas/config/provider-presets.ts';
import { describe, expect, it } from 'vitest';
import { parseConfig } from './load-config.ts';

const provider = (fields: string) =>
  parseConfig('tollgate.yaml', `providers: { p: { ${fields} } }`).providers['p'];

/** Whose address is an account's own, or a machine's. */
const WITHOUT = ['azure', 'bedrock'];
const OWN = ['ollama', 'vllm', 'llama.cpp'];

describe('a preset', () => {
  it.each(presetNames.filter((name) => !WITHOUT.includes(name)))(
    '%s needs a key at most',
    (name) => {
      expect(provider(`preset: ${name}`)?.base_url).toMatch(/^https?:\/\/[^?#]+[^/]$/);
    },
  );

  it.each(WITHOUT)('%s needs the address of the account', (name) => {
    expect(() => provider(`preset: ${name}`)).toThrow(/p\.base_url: is missing/);
    expect(provider(`preset: ${name}, base_url: 'https://a.test/v1'`)?.base_url).toBe(
      'https://a.test/v1',
    );
  });

  it('is what the configuration says otherwise, member by member', () => {
    const given = "preset: anthropic, base_url: 'https://a.test/v1', dialects: [openai]";
    expect(provider(given)).toMatchObject({
      ...{ base_url: 'https://a.test/v1', dialects: ['openai'], catalogue: 'anthropic' },
    });
    expect(provider('preset: anthropic')?.dialects).toEqual(['anthropic', 'openai']);
    expect(provider("base_url: 'https://a.test/v1'")).toMatchObject({ dialects: ['openai'] });
  });

  // openai/openai-agents-python#442: it refuses to be asked for the usage that it states anyway.
  it('does not ask Mistral for the usage of its streams', () => {
    expect(provider('preset: mistral')?.asks_for_usage).toBe(false);
    expect(provider('preset: groq')?.asks_for_usage).toBe(true);
  });

  it('that nobody knows is refused with the names of those that are known', () => {
    expect(() => provider('preset: opnai')).toThrow(/p\.preset: .*openai/);
  });

  it('has the prices of the provider that the catalogue knows at its address', async () => {
    const catalogue = new Map(((await waitForUpdate()) ?? []).map((one) => [one.id, one]));
    for (const name of presetNames.filter((one) => ![...WITHOUT, ...OWN].includes(one))) {
      const { base_url, catalogue: id = name } = provider(`preset: ${name}`) as {
        base_url: string;
        catalogue?: string;
      };
      const pattern = catalogue.get(id)?.api_pattern;
      expect([name, pattern !== undefined && new RegExp(pattern).test(base_url)]).toEqual([
        name,
        true,
      ]);
    }
  });
});
