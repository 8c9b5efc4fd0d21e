-- The node of a Citus that has the bucket plans this function's statements in a session of its own, which knows nothing
-- of the settings of ours (PostgresSettings.planning says why); whoever replaces the function sets it again.
-- readable-from: 9
ALTER FUNCTION send_stepwise(
  smallint, bigint[], bigint[], text[], boolean[], text[], text[], bigint[], text[]) SET cpu_operator_cost = 0;
