/** `npm run bench -- NAME`: what is measured, against what, and how to repeat it. */
import { benchBreaker, breakerBenchUsage } from './breaker/bench-breaker.ts';
import { benchBudgets, budgetsBenchUsage } from './budgets/bench-budgets.ts';
import { benchEndUsers, endUsersBenchUsage } from './budgets-end-users/bench-end-users.ts';
import { benchCache, cacheBenchUsage } from './cache/bench-cache.ts';
import { benchKafkaLog, kafkaLogBenchUsage } from './log/bench-kafka-log.ts';
import { benchProjector, projectorBenchUsage } from './projector/bench-projector.ts';
import { benchGrowth, growthBenchUsage } from './projector/growth/bench-growth.ts';
import { benchConfigured, configuredBenchUsage } from './proxy/bench-configured.ts';
import { benchParent, parentBenchUsage } from './proxy/bench-parent.ts';
import { benchProxy, proxyBenchUsage } from './proxy/bench-proxy.ts';
import { benchRouting, routingBenchUsage } from './routing/bench-routing.ts';
import { benchSemantic, semanticBenchUsage } from './semantic/bench-semantic.ts';
import { benchStreams, streamsBenchUsage } from './streams/bench-streams.ts';
import { benchWarehouse, warehouseBenchUsage } from './warehouse/bench-warehouse.ts';

const benches: Record<string, { usage: string; run: (args: string[]) => Promise<void> }> = {
  breaker: { usage: breakerBenchUsage, run: benchBreaker },
  budgets: { usage: budgetsBenchUsage, run: benchBudgets },
  'budgets-end-users': { usage: endUsersBenchUsage, run: benchEndUsers },
  cache: { usage: cacheBenchUsage, run: benchCache },
  configured: { usage: configuredBenchUsage, run: benchConfigured },
  'kafka-log': { usage: kafkaLogBenchUsage, run: benchKafkaLog },
  projector: { usage: projectorBenchUsage, run: benchProjector },
  'projector-growth': { usage: growthBenchUsage, run: benchGrowth },
  parent: { usage: parentBenchUsage, run: benchParent },
  proxy: { usage: proxyBenchUsage, run: benchProxy },
  routing: { usage: routingBenchUsage, run: benchRouting },
  semantic: { usage: semanticBenchUsage, run: benchSemantic },
  streams: { usage: streamsBenchUsage, run: benchStreams },
  warehouse: { usage: warehouseBenchUsage, run: benchWarehouse },
};

const [name = '', ...args] = process.argv.slice(2);
const bench = benches[name];
if (bench === undefined || args.includes('--help')) {
  const usages = bench === undefined ? Object.values(benches) : [bench];
  console.log(`Usage: npm run bench -- NAME [options]\n\n${usages.map((b) => b.usage).join('\n')}`);
  process.exit(name === '' || name === '--help' || bench !== undefined ? 0 : 2);
}
await bench.run(args);
