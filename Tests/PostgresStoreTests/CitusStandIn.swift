import PostgresStore
import TestKit

/// What Martlet asks of Citus, on a plain PostgreSQL: functions and tables of Citus' names that write down who called
/// them and refuse what Citus refuses. It moves no row.
///
/// So it shows which calls are made, in which order, on what; whether Citus does what it is asked is shown by running
/// the tests on one (`MARTLET_TEST_DATABASE_URL`).
enum CitusStandIn {
  /// Makes the database a coordinator with two workers, of which it only says so.
  static func install(in url: String, on server: PrivatePostgres) async throws {
    try await server.sql(
      """
      SET allow_system_table_mods = on;
      INSERT INTO pg_extension (oid, extname, extowner, extnamespace, extrelocatable, extversion)
        SELECT 999999, 'citus', r.oid, n.oid, false, '13.2-1' FROM pg_roles r, pg_namespace n
        WHERE r.rolname = current_user AND n.nspname = 'pg_catalog';
      """, in: url)
    try await server.sql(schema, in: url)
  }

  /// A running loop on a migrated one of the process' own server, for a body that plays its nodes.
  static func with(
    on given: PrivatePostgres? = nil, _ body: (PrivatePostgres, Database, Cast) async throws -> Void
  ) async throws {
    let server = if let given { given } else { try await PrivatePostgres.plain() }
    let url = try await server.database()
    try await install(in: url, on: server)
    let first = try Database(url) { $0 = Migrator.settings(from: $0) }
    _ = try await Migrator(pool: first.pool).migrate()
    await first.close()
    let database = try Database(url)
    try await body(server, database, try await Cast.gather(in: database.underTest))
    await database.close()
  }

  /// What was called, in order.
  static func calls(in url: String, on server: PrivatePostgres) async throws -> [String] {
    try await server.sql("SELECT call FROM citus.calls ORDER BY place", in: url).split(separator: "\n").map(String.init)
  }

  private static let schema = """
    CREATE SCHEMA citus;
    DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, citus', current_database()); END $$;
    SET search_path = citus;
    CREATE TABLE calls (place serial, call text);
    CREATE TABLE pg_dist_local_group (groupid integer);
    INSERT INTO pg_dist_local_group VALUES (0);
    CREATE TABLE pg_dist_node (groupid integer, nodename text, nodeport integer, noderole text DEFAULT 'primary',
      isactive boolean DEFAULT true, hasmetadata boolean DEFAULT true, metadatasynced boolean DEFAULT true,
      shouldhaveshards boolean DEFAULT true);
    INSERT INTO pg_dist_node (groupid, nodename, nodeport, shouldhaveshards)
      VALUES (0, 'first', 5432, false), (1, 'one', 5432, true), (2, 'two', 5432, true);
    CREATE TABLE pg_dist_partition (logicalrelid regclass, partmethod text);
    CREATE TABLE pg_dist_shard (logicalrelid regclass, shardid bigint);
    CREATE TABLE pg_dist_object (classid oid, objid oid, distribution_argument_index integer);

    CREATE FUNCTION heed_locks() RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      IF current_setting('citus.propagate_set_commands', true) IS DISTINCT FROM 'local'
        OR current_setting('lock_timeout') <> '2s' THEN
        RAISE 'a worker would wait for its locks for as long as it takes';
      END IF;
      IF current_setting('statement_timeout') <> '0' THEN
        RAISE 'a worker would be ended while it copies';
      END IF;
      IF current_setting('idle_in_transaction_session_timeout') <> '5s' THEN
        RAISE 'the coordinator would hold all locks for a migrator that hangs';
      END IF;
    END $$;

    CREATE FUNCTION heed(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM citus.heed_locks();
      IF current_setting('citus.multi_shard_modify_mode', true) IS DISTINCT FROM 'sequential' THEN
        RAISE 'cannot run this command because there was a parallel operation on a distributed table';
      END IF;
      IF EXISTS (SELECT 1 FROM citus.pg_dist_partition WHERE logicalrelid = table_name) THEN
        RAISE 'table % is already distributed', table_name;
      END IF;
    END $$;

    CREATE FUNCTION create_distributed_table(
      table_name regclass, distribution_column text, distribution_type text DEFAULT 'hash',
      colocate_with text DEFAULT 'default', shard_count integer DEFAULT NULL)
    RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM citus.heed(table_name);
      IF EXISTS (
        SELECT 1 FROM pg_constraint c WHERE c.contype = 'f' AND table_name IN (c.conrelid, c.confrelid)
          AND EXISTS (SELECT 1 FROM unnest(ARRAY[c.conrelid, c.confrelid]) AS other (id) WHERE other.id <> table_name
            AND other.id NOT IN (SELECT logicalrelid FROM citus.pg_dist_partition))) THEN
        RAISE 'cannot create foreign key constraint of % with a table that is not distributed', table_name;
      END IF;
      IF EXISTS (
        SELECT 1 FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attname = distribution_column
        WHERE i.indrelid = table_name AND i.indisunique AND a.attnum <> ALL (i.indkey::smallint[])) THEN
        RAISE 'cannot create constraint on %: it has to include the distribution column', table_name;
      END IF;
      IF colocate_with NOT IN ('none', 'default') AND NOT EXISTS (
        SELECT 1 FROM citus.pg_dist_partition WHERE logicalrelid = colocate_with::regclass) THEN
        RAISE '% is not distributed', colocate_with;
      END IF;
      INSERT INTO citus.pg_dist_partition VALUES (table_name, 'h');
      INSERT INTO citus.pg_dist_shard SELECT table_name, generate_series(1, coalesce(shard_count, 1));
      INSERT INTO citus.calls (call)
        VALUES (concat_ws(' ', 'table', table_name, distribution_column, colocate_with, shard_count));
    END $$;

    CREATE FUNCTION create_reference_table(table_name regclass) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM citus.heed(table_name);
      INSERT INTO citus.pg_dist_partition VALUES (table_name, 'n');
      INSERT INTO citus.calls (call) VALUES ('reference ' || table_name);
    END $$;

    CREATE FUNCTION create_distributed_function(
      function_name regprocedure, distribution_arg_name text, colocate_with text DEFAULT 'default')
    RETURNS void LANGUAGE plpgsql AS $$
    BEGIN
      PERFORM citus.heed_locks();
      IF current_setting('citus.multi_shard_modify_mode', true) IS DISTINCT FROM 'sequential' THEN
        RAISE 'functions are distributed in sequential mode';
      END IF;
      IF (SELECT p.proargtypes[0] FROM pg_proc p WHERE p.oid = function_name) <> 'smallint'::regtype THEN
        RAISE '% does not begin with a bucket', function_name;
      END IF;
      INSERT INTO citus.pg_dist_object VALUES ('pg_proc'::regclass, function_name, 0);
      INSERT INTO citus.calls (call)
        SELECT concat_ws(' ', 'function', p.proname, p.pronargs, distribution_arg_name, colocate_with)
        FROM pg_proc p WHERE p.oid = function_name;
    END $$;

    CREATE FUNCTION truncate_local_data_after_distributing_table(table_name regclass) RETURNS void
    LANGUAGE plpgsql AS $$
    BEGIN
      IF NOT EXISTS (SELECT 1 FROM citus.pg_dist_partition WHERE logicalrelid = table_name AND partmethod = 'h') THEN
        RAISE '% is not distributed', table_name;
      END IF;
      INSERT INTO citus.calls (call) VALUES ('truncate ' || table_name);
    END $$;
    """
}
