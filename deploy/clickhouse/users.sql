-- Users of Tollgate on a ClickHouse server, each with what it needs and no more. Run it once, as a user
-- with access management, after putting the SHA-256 of each password in place of its @…@:
--
--   sed "s/@WRITER_SHA256@/$(printf %s "$WRITER" | sha256sum | cut -c1-64)/; …" users.sql |
--     clickhouse-client --multiquery
--
-- On a cluster: CREATE … ON CLUSTER 'name' and GRANT ON CLUSTER 'name' …, or run it on every node; then
-- also the part below. docs/warehouse.md describes the users. A test lets the engine parse every statement.

-- The projector: inserts rows, has staging tables of its own, and sees which statements run.
CREATE ROLE IF NOT EXISTS tollgate_writer;
GRANT SELECT ON tollgate.* TO tollgate_writer;
GRANT INSERT ON tollgate.raw_usage TO tollgate_writer;
GRANT INSERT ON tollgate.rollup_15m TO tollgate_writer;
GRANT INSERT ON tollgate.dirty_bucket TO tollgate_writer;
GRANT INSERT ON tollgate.fence TO tollgate_writer;
GRANT INSERT ON tollgate.seam TO tollgate_writer;
GRANT CREATE TABLE, DROP TABLE, TRUNCATE, INSERT ON tollgate.stage_* TO tollgate_writer;
GRANT TABLE ENGINE ON Memory TO tollgate_writer;
GRANT SELECT ON system.processes TO tollgate_writer;
GRANT SELECT ON system.tables TO tollgate_writer;
GRANT SELECT ON system.settings TO tollgate_writer;

-- The billing API: reads. Queries of POST /v1/sql run as this user too, after the API has checked them
-- against the list of views. This user could reach the tables behind the views, and nothing else: no
-- file, no URL, no other database. Not readonly: each statement brings its settings, readonly included, and
-- a guest's query that goes on past its time is killed by its id, which a readonly user may not do.
CREATE ROLE IF NOT EXISTS tollgate_reader;
GRANT SELECT ON tollgate.* TO tollgate_reader;
GRANT SELECT ON system.tables TO tollgate_reader;
GRANT SELECT ON system.settings TO tollgate_reader;
GRANT SELECT ON system.functions TO tollgate_reader;
GRANT SELECT ON system.time_zones TO tollgate_reader;
GRANT SELECT ON system.processes TO tollgate_reader;

-- Migrations, audit and rebuild; used when a version is installed and by the operator.
CREATE ROLE IF NOT EXISTS tollgate_admin;
GRANT SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE ON tollgate.* TO tollgate_admin;
GRANT SELECT, INSERT, ALTER, CREATE, DROP, TRUNCATE ON tollgate_*.* TO tollgate_admin;
GRANT TABLE ENGINE ON * TO tollgate_admin;
GRANT SELECT ON system.processes TO tollgate_admin;
GRANT SELECT ON system.tables TO tollgate_admin;
GRANT SELECT ON system.settings TO tollgate_admin;

-- Upper bounds for our own statements: each SELECT states lower ones.
CREATE SETTINGS PROFILE IF NOT EXISTS tollgate_bounds SETTINGS
  max_memory_usage = 2147483648 MAX 2147483648,
  max_execution_time = 60 MAX 60,
  max_concurrent_queries_for_user = 32
  TO tollgate_reader;

-- Two guests' queries at once, all the time, take half of it.
CREATE QUOTA IF NOT EXISTS tollgate_reads
  FOR INTERVAL 1 hour MAX execution_time = 14400 TO tollgate_reader;

CREATE USER IF NOT EXISTS tollgate_writer_user
  IDENTIFIED WITH sha256_hash BY '@WRITER_SHA256@' DEFAULT ROLE tollgate_writer;
CREATE USER IF NOT EXISTS tollgate_reader_user
  IDENTIFIED WITH sha256_hash BY '@READER_SHA256@' DEFAULT ROLE tollgate_reader;
CREATE USER IF NOT EXISTS tollgate_admin_user
  IDENTIFIED WITH sha256_hash BY '@ADMIN_SHA256@' DEFAULT ROLE tollgate_admin;
GRANT tollgate_writer TO tollgate_writer_user;
GRANT tollgate_reader TO tollgate_reader_user;
GRANT tollgate_admin TO tollgate_admin_user;

-- On a cluster only. Tollgate refuses to start where one of these settings differs.
CREATE SETTINGS PROFILE IF NOT EXISTS tollgate_cluster SETTINGS
  distributed_foreground_insert = 1,
  insert_quorum = 'auto',
  prefer_global_in_and_join = 1,
  select_sequential_consistency = 1
  TO tollgate_writer, tollgate_reader, tollgate_admin;
GRANT INSERT ON tollgate.raw_usage_local TO tollgate_writer;
GRANT INSERT ON tollgate.rollup_15m_local TO tollgate_writer;
GRANT CREATE TEMPORARY TABLE ON *.* TO tollgate_writer;
GRANT CREATE TEMPORARY TABLE ON *.* TO tollgate_reader;
GRANT CLUSTER, REMOTE ON *.* TO tollgate_admin;
