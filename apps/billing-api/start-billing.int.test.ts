import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseConfig } from '@tollgate/adapters/config/load-config.ts';
import { priceBookEvents } from '@tollgate/adapters/ledger/categories.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { emptyPriceList, evolvePrices, findPrice } from '@tollgate/domain/pricing/price-list.ts';
import { expect, it } from 'vitest';
import { publishConfiguredPrices } from './start-billing.ts';

it('I7: a price that was removed from the configuration is no longer in force', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-prices-'));
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const sources = [];
  try {
    const providers = "providers: { openai: { base_url: 'http://127.0.0.1:1/v1' } }\n";
    const price = "prices: [{ provider: openai, model: gpt-4o, input: '1', output: '1' }]";
    for (const prices of [price, '', '', price]) {
      await publishConfiguredPrices(ledger, parseConfig('t.yaml', providers + prices));
      let list = emptyPriceList();
      const controller = new AbortController();
      const of = { prefixes: [priceBookEvents.prefix], after: null, signal: controller.signal };
      for await (const item of ledger.subscribe(of)) {
        if (item.kind === 'caught_up') break;
        const data = priceBookEvents.parse(item.event).data;
        list = evolvePrices(list, { data });
      }
      sources.push(findPrice(list, 'openai', 'gpt-4o', Date.now())?.source);
    }
  } finally {
    await ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
  expect(sources).toEqual(['config', 'catalogue', 'catalogue', 'config']);
});
