-- The function of 0011, which also takes away what is over of the user's sessions. Nobody asks for those again, and who
-- signs in by a script, or at each start of an old client, had thousands of them, which every sign-in read to find the
-- oldest that lives. A hundred at a time: who has years of them does not wait for it. One that somebody else holds is
-- left to the next sign-in, so that two of a user's that come at once wait for nothing of each other's.
-- readable-from: 9
CREATE OR REPLACE FUNCTION open_session(
  the_bucket smallint, the_session bigint, the_user bigint, the_device text, the_nonce bytea, others bigint,
  idle bigint)
RETURNS TABLE (id bigint, user_id bigint, device text, created_at timestamptz, last_seen_at timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  moment timestamptz := now();
  seen_since timestamptz := moment - idle * interval '1 millisecond';
  surplus bigint[];
  past bigint[];
BEGIN
  PERFORM 1 FROM chat_user u WHERE u.bucket = the_bucket AND u.id = the_user AND u.deleted_at IS NULL FOR SHARE;
  IF NOT FOUND THEN RETURN; END IF;
  SELECT array_agg(o.id) INTO past FROM (
    SELECT s.id FROM user_session s
    WHERE s.bucket = the_bucket AND s.user_id = the_user AND (s.ended_at IS NOT NULL OR s.last_seen_at < seen_since)
    LIMIT 100 FOR UPDATE SKIP LOCKED) o;
  IF past IS NOT NULL THEN
    DELETE FROM user_session s WHERE s.bucket = the_bucket AND s.id = ANY (past);
  END IF;
  SELECT array_agg(o.id) INTO surplus FROM (
    SELECT s.id FROM user_session s
    WHERE s.bucket = the_bucket AND s.user_id = the_user AND s.ended_at IS NULL AND s.last_seen_at >= seen_since
    ORDER BY s.created_at DESC, s.id DESC OFFSET others) o;
  IF surplus IS NOT NULL THEN
    UPDATE user_session s SET ended_at = moment WHERE s.bucket = the_bucket AND s.id = ANY (surplus);
  END IF;
  RETURN QUERY
  INSERT INTO user_session AS s
    (bucket, id, user_id, device, nonce, generation, created_at, rotated_at, last_seen_at)
  VALUES (the_bucket, the_session, the_user, the_device, the_nonce, 1, clock_timestamp(), moment, clock_timestamp())
  RETURNING s.id, s.user_id, s.device, s.created_at, s.last_seen_at;
END $$;
