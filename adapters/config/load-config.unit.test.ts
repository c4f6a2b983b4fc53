import { describe, expect, it } from 'vitest';
import { loadConfig, parseConfig, resolveSecret } from './load-config.ts';

const fault = (text: string): string => {
  try {
    parseConfig('tollgate.yaml', text);
    return 'accepted';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('configuration', () => {
  it('has a default for everything', () => {
    expect(parseConfig('tollgate.yaml', '')).toMatchObject({ proxies: 1, providers: {} });
  });

  it.each([
    ['proxies: none', /^tollgate\.yaml:1:1: proxies: /],
    ['data: x\nproxys: 2', /^tollgate\.yaml:2:1: proxys: /],
    [
      'providers:\n  openai:\n    base_url: nowhere',
      /^tollgate\.yaml:3:5: providers\.openai\.base_url: /,
    ],
    ['prices:\n  - provider: a\n    model: m\n    input: 0.15', /:4:5: prices\.0\.input: /],
    [
      'engines: { warehouse: { clickhouse: { url: "http://h:1", tls: { ca: { file: f } } } } }',
      /engines\.warehouse\.clickhouse\.tls: only an https URL/,
    ],
    [
      "providers: { azure: { base_url: 'https://x.example/deployments/d?api-version=1' } }",
      /providers\.azure\.base_url: no query/,
    ],
    [
      "providers: { p: { base_url: 'http://h:1' } }\nmodels: { m: { provider: nobody } }",
      /:2:\d+: models\.m\.provider: there is no provider nobody/,
    ],
    [
      "providers: { acme: { base_url: 'http://h:1', catalogue: openai } }\nprices: [{ provider: acme, model: m, input: '9' }]",
      /:2:\d+: prices\.0\.provider: no provider is priced by acme/,
    ],
    ['prices: [{ provider: p, model: m, max_output_tokens: 9 }]', /prices\.0.*: states no price/],
    ["prices: [{ provider: p, model: m, cache_read: '1' }]", /prices\.0.*: states no price/],
    [
      'providers:\n  p:\n    base_url: http://h:1\n    api_key: sk-s3cret',
      /^tollgate\.yaml:4:5: providers\.p\.api_key: write \{ env: NAME \} or \{ file: PATH \}/,
    ],
    [
      'providers:\n  p:\n    base_url: http://h:1\n    api_key: { env: A }\n    api_keys: { b: { key: { env: B } } }',
      /:5:5: providers\.p\.api_keys: state `api_key` or `api_keys`, not both$/,
    ],
    [
      'providers: { p: { base_url: "http://h:1", api_keys: { b: { key: sk-s3cret } } } }',
      /providers\.p\.api_keys\.b\.key: write \{ env: NAME \} or \{ file: PATH \}/,
    ],
    [
      'providers: { p: { base_url: "https://h.test/openai/v1", api_version: 2024-10-21 } }',
      /providers\.p\.api_version: is not taken below `\/openai\/v1`/,
    ],
    [
      'providers: { p: { base_url: "https://h.test/openai", api_version: 2024-10-21, dialects: [anthropic] } }',
      /providers\.p\.api_version: is of the dialect `openai` alone$/,
    ],
    [
      'providers: { p: { base_url: "https://h.test/v1", api_key: { env: A }, token_file: f } }',
      /providers\.p\.token_file: state one of/,
    ],
    ['providers: { p: { base-url: x } }', /p\.base-url: .* did you mean base_url\?/],
    ['providers: { p: {} }', /providers\.p\.base_url: is missing$/],
    ['data: x\nproxi_port: 1', /:2:1: proxi_port: .*did you mean proxy_port\?$/],
    ['limits:\n  calls: 1', /:2:3: limits\.calls: .*; there are calls_per_key, calls_per_team/],
    [
      'prices:\n  - { provider: p, model: m, input: "1", tiers: [{ from_input_token: 5 }] }',
      /:2:\d+: prices\.0\.tiers\.0\.from_input_token: .*did you mean from_input_tokens\?/,
    ],
    ['prices: [{ provider: p, model: m, input: 0.15 }]', /input: a decimal number in quotes/],
    ['providers: { "Open AI": { base_url: "http://h:1" } }', /Open AI: as a name: lower-case/],
    [
      'engine: {}\nproxys: 2',
      /:1:1: engine: .*engines\?\ntollgate\.yaml:2:1: proxys: .*proxies\?$/,
    ],
    ['providers: { p: { base_url: api.openai.com } }', /base_url: write an http or https URL/],
    [
      "providers: { p: { base_url: 'http://h:1' } }\nmodels: { m: { provider: q } }",
      /there is no provider q; write one of: p$/,
    ],
    [
      "providers: { p: { base_url: 'http://h:1' } }\nmodels: { fast: { provider: p, model: mini } }\nroutes: { r: { candidates: [{ model: fast }, { model: mini, provider: p }] } }",
      /:3:\d+: routes\.r\.candidates\.1: is listed twice/,
    ],
    ['a: *nothing', /^tollgate\.yaml:/],
    ['a: [1', /^tollgate\.yaml:\d+:\d+: [^\n]+$/],
    ['a:\n\t- b', /^tollgate\.yaml:2:1: Tabs are not allowed as indentation$/],
  ])('names file, line and field of what is wrong in %j', (text, message) => {
    expect(fault(text)).toMatch(message);
  });

  it('I12: a secret that was written into the file is not repeated', () => {
    const text = 'providers: { p: { base_url: "http://h:1", api_key: sk-s3cret } }';
    expect(fault(text)).not.toContain('s3cret');
  });

  it('refuses a named file that does not exist, or cannot be read', () => {
    expect(() => loadConfig('does-not-exist.yaml')).toThrow('no such file');
    expect(() => loadConfig('.')).toThrow('.: cannot be read (EISDIR)');
  });

  it('I12: says which secret is missing, never what it is', () => {
    expect(() => resolveSecret({ env: 'NO_KEY' }, {})).toThrow('NO_KEY is not set');
    expect(() => resolveSecret({ file: 'no-file' }, {})).toThrow('no-file cannot be read');
    // A line break cannot be sent in a header.
    expect(resolveSecret({ env: 'KEY' }, { KEY: 'sk\n' })).toBe('sk');
    expect(() => resolveSecret({ env: 'KEY' }, { KEY: ' \n' })).toThrow('KEY is not set');
  });
});
