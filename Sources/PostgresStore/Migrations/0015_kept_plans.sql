-- The function of 0011, which keeps the plans of its small statements. A plan is kept when it is cheaper than a new one
-- with the planning, and that is charged in operators: where an operator costs nothing (0012) none ever was, and each
-- row of a batch was written by a statement planned anew. Nothing is right for the lookup alone, whose plan no Citus
-- keeps. The others have one index to use each: the ordinary cost, and no scan of a table that was small when they were
-- planned.
-- readable-from: 9
CREATE OR REPLACE FUNCTION send_stepwise(
  the_bucket smallint, conversations bigint[], senders bigint[], keys text[], given boolean[], types text[],
  texts text[], replies bigint[], attached text[])
RETURNS TABLE (
  verdict smallint, kind text, is_member boolean, seq bigint, id bigint, author_name text, type text, text text,
  reply_to bigint, created_at timestamptz, edited_at timestamptz, deleted_at timestamptz, refused text,
  until timestamptz, last_words boolean, stranger bigint, attachments text)
LANGUAGE plpgsql SET cpu_operator_cost = 0.0025 SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  counter bigint;
  moment timestamptz;
  today bigint;
  looked_up jsonb;
  judged jsonb;
  said record;
BEGIN
  SELECT q.head INTO STRICT counter FROM bucket_seq q WHERE q.bucket = the_bucket FOR UPDATE;
  moment := date_trunc('milliseconds', clock_timestamp());
  today := floor(extract(epoch FROM moment) / 86400);
  PERFORM set_config('cpu_operator_cost', '0', true);
  SELECT jsonb_agg(to_jsonb(l)) INTO looked_up FROM (
    SELECT a.place, c.kind, c.head, m.username, r.kind = 1 AND r.conversation = a.conversation AS answers,
      e.seq AS old_seq, e.id AS old_id, e.author_name AS old_name, e.type AS old_type, e.text AS old_text,
      e.reply_to AS old_reply, e.created_at AS old_created, e.attachments AS old_attachments, e.edited_at,
      e.deleted_at, c.direct_low AS low, c.direct_high AS high, a.sender = c.direct_low AS from_low,
      p.low_block, p.high_block, p.low_sent, p.high_sent, p.streak, p.streak_day,
      CASE WHEN a.sender = c.direct_low THEN p.high_timeout ELSE p.low_timeout END AS timeout,
      CASE WHEN a.sender = c.direct_low THEN p.low_block ELSE p.high_block END AS own_block,
      CASE WHEN a.sender = c.direct_low THEN p.high_block ELSE p.low_block END AS their_block,
      (p.low_listed OR p.low_tie <> 'none') AND (p.high_listed OR p.high_tie <> 'none') AS acquainted
    FROM unnest(conversations, senders, keys, replies) WITH ORDINALITY
        AS a (conversation, sender, client_id, reply_to, place)
      LEFT JOIN LATERAL (
        SELECT k.kind, k.head, k.direct_low, k.direct_high FROM conversation k
        WHERE k.bucket = the_bucket AND k.id = a.conversation AND k.deleted_at IS NULL LIMIT 1) c ON true
      LEFT JOIN LATERAL (
        SELECT k.username FROM member k
        WHERE k.bucket = the_bucket AND k.conversation = a.conversation AND k.user_id = a.sender LIMIT 1) m ON true
      LEFT JOIN LATERAL (
        SELECT k.* FROM contact_pair k
        WHERE k.bucket = the_bucket AND k.low = c.direct_low AND k.high = c.direct_high LIMIT 1) p ON true
      LEFT JOIN LATERAL (
        SELECT k.* FROM entry k
        WHERE k.bucket = the_bucket AND k.conversation = a.conversation AND k.author = a.sender
          AND k.client_message_id = a.client_id LIMIT 1) e ON true
      LEFT JOIN LATERAL (
        SELECT k.kind, k.conversation FROM entry k WHERE k.bucket = the_bucket AND k.id = a.reply_to LIMIT 1) r ON true
  ) l;
  PERFORM set_config('cpu_operator_cost', '0.0025', true);

  WITH asked AS MATERIALIZED (
    SELECT l.*, conversations[l.place] AS conversation, senders[l.place] AS sender, types[l.place] AS type,
      texts[l.place] AS text, replies[l.place] AS reply_to, attached[l.place] AS attachments
    FROM jsonb_to_recordset(looked_up) AS l (
      place integer, kind text, head bigint, username text, answers boolean, old_seq bigint, old_id bigint,
      old_name text, old_type text, old_text text, old_reply bigint, old_created timestamptz, old_attachments text,
      edited_at timestamptz, deleted_at timestamptz, low bigint, high bigint, from_low boolean, low_block text,
      high_block text, low_sent timestamptz, high_sent timestamptz, streak bigint, streak_day bigint,
      timeout timestamptz, own_block text, their_block text, acquainted boolean)
  ), allowed AS MATERIALIZED (
    SELECT a.*, a.their_block IN ('grace', 'last_words') AS parting,
      row_number() OVER (PARTITION BY a.conversation, a.sender ORDER BY a.place) AS nth
    FROM asked a
    WHERE a.kind <> 'self' AND a.username IS NOT NULL AND a.old_seq IS NULL
      AND (a.reply_to IS NULL OR a.answers)
      AND coalesce(a.own_block, 'none') = 'none'
      AND coalesce(a.their_block, 'none') IN ('none', 'grace', 'last_words')
      AND (a.timeout IS NULL OR a.timeout <= moment)
  ), accepted AS MATERIALIZED (
    SELECT a.*, a.head + row_number() OVER (PARTITION BY a.conversation ORDER BY a.place) AS new_seq,
      ((counter + row_number() OVER (ORDER BY a.place)) << 12) | the_bucket AS new_id
    FROM allowed a
    WHERE a.nth = 1 OR a.parting IS NOT TRUE
  )
  SELECT jsonb_agg(to_jsonb(v)) INTO judged FROM (
    SELECT a.*, n.new_seq, n.new_id, coalesce(n.parting, false) AS parting, f.refused,
      CASE
        WHEN a.kind IS NULL THEN 4
        WHEN a.old_seq IS NOT NULL THEN CASE
          WHEN a.edited_at IS NULL AND a.deleted_at IS NULL AND (a.old_type <> a.type OR a.old_text <> a.text
            OR a.attachments IS DISTINCT FROM a.old_attachments) THEN 2
          ELSE 1 END
        WHEN n.place IS NOT NULL THEN 0
        WHEN a.kind = 'self' OR a.username IS NULL OR f.refused IS NOT NULL THEN 4
        ELSE 3 END AS verdict
    FROM asked a LEFT JOIN accepted n ON n.place = a.place
      CROSS JOIN LATERAL (
        SELECT CASE
          WHEN n.place IS NOT NULL OR a.old_seq IS NOT NULL OR a.username IS NULL OR a.low IS NULL THEN NULL
          WHEN coalesce(a.own_block, 'none') <> 'none' OR a.their_block IN ('blocked', 'said') THEN 'blocked'
          WHEN a.timeout > moment THEN 'timeout'
          WHEN a.their_block IN ('grace', 'last_words') AND (a.reply_to IS NULL OR a.answers) THEN 'blocked'
          END AS refused) f
  ) v;

  FOR said IN
    SELECT n.*, conversations[n.place] AS conversation, senders[n.place] AS sender, keys[n.place] AS client_id,
      given[n.place] AS client_given, types[n.place] AS type, texts[n.place] AS text, replies[n.place] AS reply_to,
      attached[n.place] AS attachments
    FROM jsonb_to_recordset(judged) AS n (place integer, username text, new_seq bigint, new_id bigint)
    WHERE n.new_seq IS NOT NULL ORDER BY n.place
  LOOP
    INSERT INTO entry (bucket, conversation, seq, id, kind, author, author_name, created_at, client_message_id,
      client_given, type, text, reply_to, attachments)
    VALUES (the_bucket, said.conversation, said.new_seq, said.new_id, 1, said.sender, said.username, moment,
      said.client_id, said.client_given, said.type, said.text, said.reply_to, said.attachments);
  END LOOP;

  FOR said IN
    SELECT conversations[n.place] AS conversation, max(n.new_seq) AS head
    FROM jsonb_to_recordset(judged) AS n (place integer, new_seq bigint)
    WHERE n.new_seq IS NOT NULL GROUP BY 1
  LOOP
    UPDATE conversation c SET head = said.head WHERE c.bucket = the_bucket AND c.id = said.conversation;
  END LOOP;

  FOR said IN SELECT max(n.new_id >> 12) AS head FROM jsonb_to_recordset(judged) AS n (new_id bigint) LOOP
    IF said.head IS NOT NULL THEN
      UPDATE bucket_seq q SET head = said.head WHERE q.bucket = the_bucket;
    END IF;
  END LOOP;

  FOR said IN
    WITH wrote AS (
      SELECT n.low, n.high, n.low_block, n.high_block, n.low_sent, n.high_sent, n.streak, n.streak_day,
        CASE WHEN bool_or(NOT n.from_low) AND n.low_block IN ('grace', 'last_words') THEN 'said'
          ELSE coalesce(n.low_block, 'none') END AS new_low_block,
        CASE WHEN bool_or(n.from_low) AND n.high_block IN ('grace', 'last_words') THEN 'said'
          ELSE coalesce(n.high_block, 'none') END AS new_high_block,
        CASE WHEN bool_or(n.from_low) AND coalesce(n.low_sent < moment - interval '1 minute', true) THEN moment
          ELSE n.low_sent END AS new_low_sent,
        CASE WHEN bool_or(NOT n.from_low) AND coalesce(n.high_sent < moment - interval '1 minute', true) THEN moment
          ELSE n.high_sent END AS new_high_sent
      FROM jsonb_to_recordset(judged) AS n (
        new_seq bigint, low bigint, high bigint, from_low boolean, low_block text, high_block text,
        low_sent timestamptz, high_sent timestamptz, streak bigint, streak_day bigint)
      WHERE n.new_seq IS NOT NULL AND n.low IS NOT NULL
      GROUP BY n.low, n.high, n.low_block, n.high_block, n.low_sent, n.high_sent, n.streak, n.streak_day
    ), streaks AS (
      SELECT w.*, coalesce(least(w.new_low_sent, w.new_high_sent) > moment - interval '24 hours'
        AND w.new_low_sent IS NOT NULL AND w.new_high_sent IS NOT NULL, false) AS mutual
      FROM wrote w
    ), met AS (
      SELECT s.*,
        CASE WHEN NOT s.mutual THEN s.streak * 0
          WHEN s.streak_day = today THEN s.streak
          ELSE coalesce(s.streak, 0) + 1 END AS new_streak,
        CASE WHEN s.mutual THEN today ELSE s.streak_day END AS new_streak_day
      FROM streaks s
    )
    SELECT m.* FROM met m
    WHERE (m.new_low_block, m.new_high_block, m.new_low_sent, m.new_high_sent, m.new_streak, m.new_streak_day)
      IS DISTINCT FROM
        (coalesce(m.low_block, 'none'), coalesce(m.high_block, 'none'), m.low_sent, m.high_sent, m.streak, m.streak_day)
  LOOP
    INSERT INTO contact_pair AS p (bucket, low, high, low_listed, low_tie, low_block, low_initiator, low_sent,
      high_listed, high_tie, high_block, high_initiator, high_sent, streak, streak_day)
    VALUES (the_bucket, said.low, said.high, false, 'none', said.new_low_block, false, said.new_low_sent,
      false, 'none', said.new_high_block, false, said.new_high_sent, said.new_streak, said.new_streak_day)
    ON CONFLICT (bucket, low, high) DO UPDATE SET low_block = excluded.low_block, high_block = excluded.high_block,
      low_sent = excluded.low_sent, high_sent = excluded.high_sent, streak = excluded.streak,
      streak_day = excluded.streak_day;
  END LOOP;

  RETURN QUERY
  SELECT v.verdict, CASE WHEN v.old_seq IS NULL AND v.refused IS NOT NULL THEN NULL ELSE v.kind END,
    v.username IS NOT NULL, coalesce(v.old_seq, v.new_seq), coalesce(v.old_id, v.new_id),
    coalesce(v.old_name, v.username), v.old_type, v.old_text, v.old_reply, coalesce(v.old_created, moment), v.edited_at,
    v.deleted_at, v.refused, CASE WHEN v.refused = 'timeout' THEN v.timeout END, v.parting,
    CASE WHEN v.new_seq IS NOT NULL AND v.low IS NOT NULL AND v.acquainted IS NOT TRUE
      THEN CASE WHEN v.from_low THEN v.high ELSE v.low END END,
    v.old_attachments
  FROM jsonb_to_recordset(judged) AS v (
    place integer, verdict smallint, kind text, username text, old_seq bigint, new_seq bigint, old_id bigint,
    new_id bigint, old_name text, old_type text, old_text text, old_reply bigint, old_created timestamptz,
    edited_at timestamptz, deleted_at timestamptz, refused text, timeout timestamptz, parting boolean, low bigint,
    high bigint, from_low boolean, acquainted boolean, old_attachments text)
  ORDER BY v.place;
END $$;
