/** Names of the engine that a query of a guest may not say. */

const names = (text: string): readonly string[] => text.trim().split(/\s+/);

/** They read files, settings, the server, other tables or other functions, or they wait. */
export const FUNCTIONS: readonly string[] = names(`
  file hostName FQDN version uptime currentUser user currentDatabase currentSchemas currentProfiles
  currentRoles enabledRoles defaultRoles serverUUID tcpPort displayName buildId revision
  getOSKernelVersion timezone serverTimezone getSetting getServerSetting getMacro getClientHTTPHeader
  connectionId queryID initialQueryID filesystemAvailable filesystemCapacity sleep sleepEachRow throwIf
  dictGet dictHas joinGet catboostEvaluate addressToLine demangle showCertificate
  arrayReduce initializeAggregation runningAccumulate finalizeAggregation repeat replaceAll
  randomString generateUUIDv4 materialize toTypeName dumpColumnStructure hasColumnInTable
  evalMLMethod structureToProtobufSchema format JSONExtract reinterpret`);

/** They make a table of a file, a server, a program, or of nothing but time. */
export const TABLE_FUNCTIONS: readonly string[] = names(`
  file fileCluster url urlCluster s3 s3Cluster gcs hdfs hdfsCluster azureBlobStorage remote
  remoteSecure cluster clusterAllReplicas mysql postgresql mongodb redis sqlite odbc jdbc executable
  input format merge numbers numbers_mt zeros generateRandom generateSeries values view viewIfPermitted
  viewExplain dictionary loop null mergeTreeIndex mergeTreeProjection fuzzJSON fuzzQuery deltaLake
  iceberg icebergLocal hudi python Python timeSeriesData`);

export const SYSTEM_TABLES: readonly string[] = names(`
  system.tables system.columns system.processes system.query_log system.settings system.users
  system.functions system.disks system.parts system.clusters system.dictionaries system.macros
  system.server_settings system.grants system.named_collections system.one system.numbers
  system.databases system.errors system.stack_trace information_schema.tables
  INFORMATION_SCHEMA.COLUMNS "system"."tables" SYSTEM.TABLES`);

/** Behind the public views: duplicates, dead letters, other people's bookkeeping. */
export const TABLES_OF_OURS: readonly string[] = names(`
  raw_usage tollgate.raw_usage tollgate.rollup_15m tollgate.fence tollgate.seam tollgate.migrations
  default.raw_usage _temporary_and_external_tables.x`);
