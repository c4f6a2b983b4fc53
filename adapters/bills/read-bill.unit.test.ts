/** Fixtures of the shapes that the vendors document, written by us; no file of anybody's account. */
import { describe, expect, it } from 'vitest';
import { BillReader, readBillText } from './read-bill.ts';

const DAY = 1_764_547_200; // 2025-12-01T00:00:00Z
const NEXT = DAY + 86_400;

const openaiUsage = JSON.stringify({
  object: 'page',
  data: [
    {
      ...{ object: 'bucket', start_time: DAY, end_time: NEXT },
      results: [
        {
          object: 'organization.usage.completions.result',
          ...{ input_tokens: 1000, output_tokens: 500, input_cached_tokens: 800 },
          ...{ num_model_requests: 5, project_id: 'proj_1', user_id: null, api_key_id: 'key_1' },
          ...{ model: 'gpt-4o-2024-08-06', batch: false, service_tier: 'default' },
        },
      ],
    },
    { object: 'bucket', start_time: NEXT, end_time: NEXT + 86_400, results: [] },
  ],
  ...{ has_more: false, next_page: null },
});

const openaiCosts = `{"object":"page","data":[{"object":"bucket","start_time":${DAY},"end_time":${NEXT},
  "results":[{"object":"organization.costs.result","amount":{"value":0.0005000000000001,"currency":"usd"},
  "line_item":"gpt-4o-2024-08-06, cached input","project_id":"proj_1"},
  {"object":"organization.costs.result","amount":{"value":1.5e-2,"currency":"usd"},
  "line_item":"web search tool calls","project_id":"proj_1"}]}],"has_more":false,"next_page":null}`;

const openaiCsv = `start_time,end_time,start_time_iso,end_time_iso,project_id,num_model_requests,user_id,api_key_id,model,batch,service_tier,input_tokens,output_tokens,input_cached_tokens,input_uncached_tokens,input_text_tokens,output_text_tokens,input_audio_tokens,output_audio_tokens
${DAY},${NEXT},2025-12-01T00:00:00+00:00,2025-12-02T00:00:00+00:00,proj_1,10.0,user-1,key_1,gpt-4o-2024-08-06,FALSE,flex,59200.0,10646.0,5760.0,53440.0,53440.0,10646.0,0.0,0.0
${NEXT},${NEXT + 86_400},2025-12-02T00:00:00+00:00,2025-12-03T00:00:00+00:00,,,,,,,,,,,,,,,
`;

const anthropicUsage = JSON.stringify({
  data: [
    {
      ...{ starting_at: '2025-12-01T00:00:00Z', ending_at: '2025-12-02T00:00:00Z' },
      results: [
        {
          ...{ uncached_input_tokens: 1500, cache_read_input_tokens: 200, output_tokens: 500 },
          cache_creation: { ephemeral_1h_input_tokens: 1000, ephemeral_5m_input_tokens: 500 },
          server_tool_use: { web_search_requests: 10 },
          ...{ api_key_id: 'apikey_1', workspace_id: null, model: 'claude-sonnet-4-20250514' },
          ...{ service_tier: 'standard', context_window: '0-200k' },
        },
      ],
    },
  ],
  ...{ has_more: true, next_page: 'page_1' },
});

const anthropicCosts = JSON.stringify({
  data: [
    {
      ...{ starting_at: '2025-12-01T00:00:00Z', ending_at: '2025-12-02T00:00:00Z' },
      results: [
        {
          ...{
            amount: '123.78912',
            currency: 'USD',
            cost_type: 'tokens',
            context_window: '0-200k',
          },
          description: 'Claude Sonnet 4 Usage - Input Tokens',
          ...{ model: 'claude-sonnet-4-20250514', service_tier: 'batch' },
          ...{ token_type: 'uncached_input_tokens', workspace_id: 'wrkspc_1' },
        },
      ],
    },
  ],
  ...{ has_more: false, next_page: null },
});

const googleRow = {
  billing_account_id: '0123-4567',
  service: { id: 'C7E2', description: 'Vertex AI' },
  sku: { id: 'FDAB', description: 'Gemini 2.5 Flash GA Text Input - Predictions' },
  ...{ usage_start_time: '2025-12-01 07:00:00 UTC', usage_end_time: '2025-12-01 08:00:00 UTC' },
  project: { id: 'gateway-prod', labels: [] },
  ...{ cost: 0.3, currency: 'USD', cost_type: 'regular', credits: [] },
  usage: { amount: 1_000_000, unit: 'count' },
};

const awsCur1 = `identity/LineItemId,bill/PayerAccountId,lineItem/UsageAccountId,lineItem/LineItemType,lineItem/UsageStartDate,lineItem/ProductCode,lineItem/UsageType,lineItem/UsageAmount,lineItem/CurrencyCode,lineItem/UnblendedCost,lineItem/LineItemDescription,pricing/unit,product/ProductName
a,1,111122223333,Usage,2025-12-01T05:00:00Z,AmazonBedrock,USE1-Claude4Sonnet-cache-read-input-token-count-flex,12.345,USD,0.0037035000,"$0.0003 per 1K tokens, cached",1K tokens,Amazon Bedrock
b,1,111122223333,Usage,2025-12-01T05:00:00Z,AmazonS3,Requests-Tier1,10,USD,0.0000500000,,Requests,Amazon S3
c,1,111122223333,Tax,2025-12-01T00:00:00Z,AmazonBedrock,,,USD,0.19,,,Amazon Bedrock
`;

const openrouter = JSON.stringify({
  data: [
    {
      ...{
        date: '2025-12-01',
        model: 'openai/gpt-4.1',
        model_permaslug: 'openai/gpt-4.1-2025-04-14',
      },
      ...{ endpoint_id: 'e', provider_name: 'OpenAI', usage: 0.015, byok_usage_inference: 0 },
      ...{ requests: 5, prompt_tokens: 50, completion_tokens: 125, reasoning_tokens: 25 },
    },
  ],
});

const litellm = `[{"request_id":"chatcmpl-1","call_type":"acompletion","api_key":"hash1","spend":1.5e-05,
"total_tokens":40,"prompt_tokens":30,"completion_tokens":10,"startTime":"2025-12-01T23:59:59.500000",
"endTime":"2025-12-02T00:00:01.000000","model":"gpt-4o","custom_llm_provider":"openai","cache_hit":"False",
"metadata":{"user_api_key_alias":"a"}},
{"request_id":"chatcmpl-2","spend":0.0,"prompt_tokens":30,"completion_tokens":10,
"startTime":"2025-12-01T10:00:00Z","endTime":"2025-12-01T10:00:01Z","model":"gpt-4o","cache_hit":"True"}]`;

describe('an export is recognised by its content, and read exactly', () => {
  it.each([
    [
      'openai_usage',
      openaiUsage,
      {
        ...{ day: '2025-12-01', model: 'gpt-4o-2024-08-06', tier: null, amount: null },
        identities: ['api_key:key_1', 'project:proj_1'],
        quantities: { input_tokens: 200, cache_read_tokens: 800, output_tokens: 500, requests: 5 },
      },
    ],
    [
      'openai_costs',
      openaiCosts,
      {
        ...{ model: 'gpt-4o-2024-08-06', amount: 500_000_000_000_100n },
        ...{ amountOf: 'cache_read_tokens', item: null },
      },
    ],
    [
      'openai_usage_csv',
      openaiCsv,
      {
        tier: 'flex',
        quantities: { input_tokens: 53_440, cache_read_tokens: 5_760, requests: 10 },
      },
    ],
    [
      'anthropic_usage',
      anthropicUsage,
      {
        ...{ model: 'claude-sonnet-4-20250514', identities: ['api_key:apikey_1'] },
        quantities: { input_tokens: 1_500, cache_write_tokens: 1_500, cache_read_tokens: 200 },
      },
    ],
    [
      'anthropic_costs',
      anthropicCosts,
      { amount: 1_237_891_200_000_000_000n, amountOf: 'input_tokens', tier: 'batch' },
    ],
    [
      'google_billing',
      `${JSON.stringify(googleRow)}\n${JSON.stringify(googleRow)}\n`,
      {
        // Seven in the morning in UTC is eleven at night in California.
        ...{ day: '2025-11-30', model: 'gemini-2.5-flash', identities: ['project:gateway-prod'] },
        ...{ quantities: { input_tokens: 2_000_000 }, amount: 600_000_000_000_000_000n },
      },
    ],
    [
      'google_cost_table',
      'Project ID,Service description,SKU description,Cost type,Usage start date,Usage amount,Usage unit,Unrounded cost ($),Cost ($)\np1,Gemini API,Generate content output token count gemini 2.5 flash,Usage,2025-12-01,1000,count,0.0025,0.00\n',
      { day: '2025-12-01', model: 'gemini-2.5-flash', quantities: { output_tokens: 1_000 } },
    ],
    [
      'aws_cur',
      awsCur1,
      {
        ...{ model: 'Claude4Sonnet', tier: 'flex', quantities: { cache_read_tokens: 12_345 } },
        identities: ['account:111122223333'],
      },
    ],
    [
      'openrouter_activity',
      openrouter,
      {
        ...{ model: 'openai/gpt-4.1-2025-04-14', amount: 15_000_000_000_000_000n },
        quantities: { input_tokens: 50, output_tokens: 100, reasoning_tokens: 25, requests: 5 },
      },
    ],
    [
      'openrouter_log',
      'generation_id,created_at,cost_total,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,model_permaslug,provider_name,api_key_name\ngen-1,2025-12-01 10:00:00.123,0.00123,100,50,20,40,openai/gpt-4o,OpenAI,gateway\n',
      { identities: ['api_key:gateway'], quantities: { input_tokens: 60, output_tokens: 30 } },
    ],
    [
      'litellm_spend_logs',
      litellm,
      {
        ...{ day: '2025-12-01', model: 'gpt-4o', identities: ['api_key:hash1'] },
        ...{ amount: 15_000_000_000_000n, quantities: { input_tokens: 30, output_tokens: 10 } },
      },
    ],
    [
      'totals',
      '{"object":"provider_totals","rows":[{"day":"2025-12-01","model":"m","identities":["project:p"],"input_tokens":7,"amount":"0.5","amount_of":""}]}',
      { model: 'm', identities: ['project:p'], quantities: { input_tokens: 7 } },
    ],
  ])('%s', (name, text, row) => {
    const bill = readBillText(text);
    expect([bill.facts.name, bill.problems]).toEqual([name, []]);
    expect(bill.rows[0]).toMatchObject(row);
  });
});

describe('nothing of an export is dropped without a word', () => {
  it('names malformed lines, counts what is not compared, and lists columns that nobody reads', () => {
    const broken = `${openaiCsv}${DAY},${NEXT},a,b,proj_1,ten,u,key_1,gpt-4o,FALSE,default,1,1,0,1,1,1,0,0\n${DAY},1\n`;
    const bill = readBillText(broken);
    expect(bill.problems).toEqual([
      { line: 4, message: 'num_model_requests: not a count' },
      { line: 5, message: '2 cells under 19 columns' },
    ]);
    expect(bill.columnsNotRead).toContain('user_id');
    const aws = readBillText(awsCur1);
    expect(aws.skipped).toEqual([{ reason: 'another service: AmazonS3', records: 1 }]);
    expect(aws.rows.at(-1)).toMatchObject({ model: null, item: 'Tax' });
    expect(readBillText(litellm).skipped).toEqual([
      { reason: 'answered from the cache of LiteLLM', records: 1 },
    ]);
  });

  it('takes a bucket that it does not know for a charge by its name, whatever the name', () => {
    const odd = openaiCosts.replace('cached input', 'constructor');
    expect(readBillText(odd).rows[0]).toMatchObject({
      ...{ model: null, item: 'gpt-4o-2024-08-06, constructor', amountOf: null },
    });
  });

  it('keeps days without usage: they are known to be quiet', () => {
    expect(readBillText(openaiUsage).lastDay).toBe('2025-12-02');
    expect(readBillText(openaiCsv).lastDay).toBe('2025-12-02');
  });

  it('leaves money in another currency out of the comparison, and says so', () => {
    const euros = openaiCosts.replaceAll('"usd"', '"eur"');
    const bill = readBillText(euros);
    expect(bill.rows.map(({ amount }) => amount)).toEqual([null, null]);
    expect(bill.skipped).toEqual([
      { reason: 'amounts in EUR: costs are compared in USD', records: 2 },
    ]);
  });

  it.each([
    [
      'text that is no export',
      'name,colour\na,red\n',
      /recognised: its columns begin with name, colour/,
    ],
    ['an empty file', '', /empty/],
    ['a broken document', '{"object":"page","data":[', /no JSON/],
    ['a quote that is never closed', 'a,b\n"x,y\n', /never closed/],
  ])('refuses %s, and says why', (_, text, message) => {
    expect(() => readBillText(text)).toThrow(message);
  });
});

it('reads a file the same in pieces of any size', () => {
  for (const text of [
    awsCur1,
    openaiUsage,
    `${JSON.stringify(googleRow)}\n${JSON.stringify(googleRow)}`,
  ]) {
    const whole = readBillText(text);
    for (const size of [1, 7, 64]) {
      const bytes = Buffer.from(text);
      const reader = new BillReader();
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
      expect(reader.end()).toEqual(whole);
    }
  }
});
