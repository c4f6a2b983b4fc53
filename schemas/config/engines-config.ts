/**
 * `engines` of `tollgate.yaml`: which stores run on servers. A store that is not named is embedded,
 * on this machine, so each of them can move on its own.
 */
import { z } from 'zod';

/** A secret is never written into the file itself (I12). */
export const secret = z.union(
  [z.strictObject({ env: z.string().min(1) }), z.strictObject({ file: z.string().min(1) })],
  'write { env: NAME } or { file: PATH }: a secret is not written into this file',
);

const hostAndPort = z.string().regex(/^[^\s:]+:\d{1,5}$|^\[[0-9a-f:]+\]:\d{1,5}$/i, 'host:port');

const kafka = z.strictObject({
  brokers: z.array(hostAndPort).min(1),
  /** Topics are `<prefix>.usage` and `<prefix>.dead_letter`. */
  topic_prefix: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,200}$/, 'letters, digits, . _ and -')
    .default('tollgate'),
  /** Fixed when the topics are made: a customer's place follows from it (ADR 0001). */
  partitions: z.int().min(1).max(4_096).default(64),
  replication_factor: z.int().min(1).max(15).default(3),
  /** `true`, or the certificate authority that signed the brokers' certificates, in PEM. */
  ssl: z
    .union([z.boolean(), z.strictObject({ ca: z.strictObject({ file: z.string() }) })])
    .optional(),
  sasl: z
    .strictObject({
      mechanism: z.enum(['plain', 'scram-sha-256', 'scram-sha-512']),
      username: z.string().min(1),
      password: secret,
    })
    .optional(),
});

const eventstoredb = z.strictObject({
  /** `esdb://…`; a secret, because it may hold a password. */
  connection_string: secret,
});

const clickhouseServer = z.strictObject({
  url: z.url({ protocol: /^https?$/ }),
  user: z.string().min(1).default('default'),
  password: secret.optional(),
  /** The certificate authority that signed the server's certificate, in PEM. */
  tls: z.strictObject({ ca: z.strictObject({ file: z.string().min(1) }) }).optional(),
  /** Compresses rows in both directions (docs/warehouse.md has figures). */
  compression: z.enum(['none', 'gzip', 'zstd']).default('none'),
  /** Of `remote_servers`: tables are then replicated over it. */
  cluster: z.string().regex(/^\w+$/, 'letters, digits and _').optional(),
});

const clickhouse = clickhouseServer.refine(
  ({ url, tls }) => tls === undefined || url.startsWith('https:'),
  { path: ['tls'], error: 'only an https URL has a certificate' },
);

const valkey = z.strictObject({
  /** `redis://…` or `rediss://…`; a secret, because it may hold a password. */
  url: secret,
  /** Start of every key. Installations that share a server need one each. */
  key_prefix: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, 'letters, digits, . _ and -')
    .default('tollgate'),
  /** The certificate authority that signed the server's certificate, in PEM. */
  tls: z.strictObject({ ca: z.strictObject({ file: z.string().min(1) }) }).optional(),
});

export const engines = z.strictObject({
  log: z.strictObject({ kafka }).optional(),
  ledger: z.strictObject({ eventstoredb }).optional(),
  warehouse: z.strictObject({ clickhouse }).optional(),
  /** Counters of rate limits. Embedded, the supervisor has them. */
  rates: z.strictObject({ valkey }).optional(),
  /** Cached answers. Embedded, they are in a file that the proxies of a machine share. */
  cache: z.strictObject({ valkey }).optional(),
});

export type KafkaEngineConfig = z.infer<typeof kafka>;
