/** What the billing API is built from, and the context that every handler gets. */
import type { DocumentThread } from '@tollgate/adapters/documents/document-thread.ts';
import type { HostPolicy } from '@tollgate/adapters/http/manners.ts';
import type { Health } from '@tollgate/adapters/http/readiness.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { PayloadStore } from '@tollgate/adapters/payloads/payloads.ts';
import type { KeptAnswers } from '@tollgate/adapters/process/kept-answers.ts';
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import type { ReplayKeys } from '@tollgate/adapters/secrets/replay-keys.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { Destinations } from '@tollgate/adapters/webhooks/destinations.ts';
import type { Invoicing } from '@tollgate/schemas/config/invoicing-config.ts';
import type { UsedInWindow } from '@tollgate/schemas/http/me.ts';
import type { NamedModels } from '@tollgate/schemas/routes/route-terms.ts';
import type { AlarmIndex } from './alarms/alarm-index.ts';
import type { AlarmStats } from './alarms/alarm-stats.ts';
import type { BillingIndex } from './closing/billing-index.ts';
import type { ApiLimits } from './limits.ts';
import type { Links } from './links/links.ts';
import type { ExportIndex } from './payments/export-index.ts';
import type { PaymentDeps } from './payments/payment-deps.ts';
import type { ImportLock } from './reconciliation/import-lock.ts';
import type { ResourceIndex } from './resources/resource-index.ts';

export type ApiDeps = {
  ledger: Ledger;
  log: Log;
  warehouse: Warehouse;
  secrets: Secrets;
  replayKeys: ReplayKeys;
  /** Unix milliseconds. */
  clock: () => number;
  /** From a cryptographic source. */
  randomBytes: (length: number) => Uint8Array;
  /** For the operator's log; never bodies or secrets (I12). */
  onError: (message: string, error: unknown) => void;
  /** Asked by /readyz, which looks at the API's own read models too. */
  health: () => Promise<Health>;
  /** What /metrics answers. Default: what this API measures. */
  metrics?: () => Promise<string>;
  /** Which names a request may ask for. Default: any. */
  isOurHost?: HostPolicy | undefined;
  /** Asked for by /metrics. Default: none. */
  metricsToken?: string | undefined;
  /** Prefix of the log's topics on Kafka, for /asyncapi.json. Default: `tollgate`. */
  topicPrefix?: string;
  /** What calls of some keys say. Default: nothing is kept. */
  payloads?: PayloadStore | undefined;
  /** Where webhooks may lead. Default: to public addresses. */
  destinations?: Destinations;
  /** Those that the configuration names. Default: none. */
  models?: NamedModels;
  /** Where invoices are exported to. Default: nowhere. */
  payments?: PaymentDeps | undefined;
  /** Who sells. Default: nobody, and invoices get no number. */
  invoicing?: Invoicing | undefined;
  /** Replaces some bounds of `limits.ts`; for tests and demonstrations. */
  limits?: Partial<ApiLimits>;
};

/** What every handler gets besides its request. */
export type ApiContext = Omit<ApiDeps, 'limits' | 'destinations' | 'models'> & {
  limits: ApiLimits;
  destinations: Destinations;
  models: NamedModels;
  /** The read model: customers, teams, keys, budgets, prices, imports. */
  directory: ResourceIndex;
  /** The read model of periods, snapshots and invoices. */
  billing: BillingIndex;
  /** The read model of exports to a payment system. */
  exports: ExportIndex;
  /** The read model of alarms, webhooks and deliveries. */
  alarms: AlarmIndex;
  alarmStats: AlarmStats;
  documents: DocumentThread;
  /** Signed links, which open downloads without a token. */
  links: Links;
  /** Paths of the routes that answer with a file. */
  downloadPaths: readonly string[];
  importLock: ImportLock;
  /** What keys have used, for those who ask with them: anybody may ask all the time. */
  ownUsage: KeptAnswers<UsedInWindow[]>;
};
