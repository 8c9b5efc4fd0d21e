-- Contacts and blocks: what two users are to each other, and how a message between them is checked.
--
-- Nodes that know only version 7 would not ask who has blocked whom: they are stopped first.

-- The world of conversations.

-- One row for each pair who have anything to do with each other, in the bucket of their direct conversation, whether
-- there is one or not: the row that decides. low is the user with the smaller id. *_block: ContactBlock, *_tie:
-- ContactTie; streak_day: days since 1970-01-01.
CREATE TABLE contact_pair (
  bucket smallint NOT NULL,
  low bigint NOT NULL,
  high bigint NOT NULL,
  low_listed boolean NOT NULL,
  low_tie text NOT NULL,
  low_block text NOT NULL,
  low_timeout timestamptz,
  low_since timestamptz,
  low_initiator boolean NOT NULL,
  low_sent timestamptz,
  high_listed boolean NOT NULL,
  high_tie text NOT NULL,
  high_block text NOT NULL,
  high_timeout timestamptz,
  high_since timestamptz,
  high_initiator boolean NOT NULL,
  high_sent timestamptz,
  streak bigint,
  streak_day bigint,
  PRIMARY KEY (bucket, low, high)
);

-- The world of users.

-- By which a user's contacts and blocks are listed, and whom he is to hear nothing of: a copy of what contact_pair
-- says, written in the same transaction. No state: no contact, only a block.
CREATE TABLE contact (
  bucket smallint NOT NULL,
  user_id bigint NOT NULL,
  other bigint NOT NULL,
  other_name text NOT NULL,
  state text,
  blocks boolean NOT NULL,
  blocked_by boolean NOT NULL,
  PRIMARY KEY (bucket, user_id, other)
);

ALTER TABLE contact ADD CONSTRAINT contact_of_user
  FOREIGN KEY (bucket, user_id) REFERENCES chat_user (bucket, id);

-- As before, and in a direct conversation what the two are to each other is looked at and kept: a block or timeout
-- refuses, last words are said, days on which both write are counted (ContactRules in ChatCore says the same in Swift).
--
-- New columns: refused ('blocked', 'timeout'; then the verdict is 4 without a kind, which nodes of the version before
-- take for no such conversation), until (of a timeout), last_words (this message was the last one left), stranger (the
-- other, when one of the two has yet to become the other's contact). DROP, since a function's columns cannot be
-- replaced.
DROP FUNCTION send_batch(smallint, bigint[], bigint[], text[], boolean[], text[], text[], bigint[]);

CREATE FUNCTION send_batch(
  the_bucket smallint, conversations bigint[], senders bigint[], keys text[], given boolean[], types text[],
  texts text[],
  replies bigint[])
RETURNS TABLE (
  verdict smallint, kind text, is_member boolean, seq bigint, id bigint, author_name text, type text, text text,
  reply_to bigint, created_at timestamptz, edited_at timestamptz, deleted_at timestamptz, refused text,
  until timestamptz, last_words boolean, stranger bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  counter bigint;
  moment timestamptz;
  today bigint;
BEGIN
  -- What follows sees what was committed before this lock was had, since each statement has a snapshot of its own.
  SELECT q.head INTO STRICT counter FROM bucket_seq q WHERE q.bucket = the_bucket FOR UPDATE;
  moment := date_trunc('milliseconds', clock_timestamp());
  today := floor(extract(epoch FROM moment) / 86400);
  RETURN QUERY
  -- Each row is looked up by its whole key and nothing else (LATERAL … LIMIT 1): as plain joins, or with one condition
  -- more than the key has, a planner without statistics reads the whole bucket or conversation for each message.
  WITH asked AS MATERIALIZED (
    SELECT a.place, a.conversation, a.sender, a.client_id, a.client_given, a.type, a.text, a.reply_to,
      c.kind, c.head, m.username, r.kind = 1 AND r.conversation = a.conversation AS answers, e.seq AS old_seq,
      e.id AS old_id, e.author_name AS old_name,
      e.type AS old_type, e.text AS old_text, e.reply_to AS old_reply, e.created_at AS old_created, e.edited_at,
      e.deleted_at, c.direct_low AS low, c.direct_high AS high, a.sender = c.direct_low AS from_low,
      p.low_block, p.high_block, p.low_sent, p.high_sent, p.streak, p.streak_day,
      CASE WHEN a.sender = c.direct_low THEN p.high_timeout ELSE p.low_timeout END AS timeout,
      CASE WHEN a.sender = c.direct_low THEN p.low_block ELSE p.high_block END AS own_block,
      CASE WHEN a.sender = c.direct_low THEN p.high_block ELSE p.low_block END AS their_block,
      (p.low_listed OR p.low_tie <> 'none') AND (p.high_listed OR p.high_tie <> 'none') AS acquainted
    FROM unnest(conversations, senders, keys, given, types, texts, replies) WITH ORDINALITY
        AS a (conversation, sender, client_id, client_given, type, text, reply_to, place)
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
    -- Of several last words in one batch the first are said.
    SELECT a.*, a.head + row_number() OVER (PARTITION BY a.conversation ORDER BY a.place) AS new_seq,
      ((counter + row_number() OVER (ORDER BY a.place)) << 12) | the_bucket AS new_id
    FROM allowed a
    WHERE a.nth = 1 OR a.parting IS NOT TRUE
  ), written AS (
    INSERT INTO entry (bucket, conversation, seq, id, kind, author, author_name, created_at, client_message_id,
      client_given,
      type, text, reply_to)
    SELECT the_bucket, n.conversation, n.new_seq, n.new_id, 1, n.sender, n.username, moment, n.client_id,
      n.client_given,
      n.type, n.text, n.reply_to
    FROM accepted n ORDER BY n.place
  ), raised AS (
    UPDATE conversation c SET head = (SELECT max(n.new_seq) FROM accepted n WHERE n.conversation = c.id)
    WHERE c.bucket = the_bucket AND c.id = ANY (ARRAY (SELECT DISTINCT n.conversation FROM accepted n))
  ), counted AS (
    UPDATE bucket_seq q SET head = counter + (SELECT count(*) FROM accepted)
    WHERE q.bucket = the_bucket AND EXISTS (SELECT FROM accepted)
  ), wrote AS (
    -- Who of each pair has written, one row a pair; when he did is kept to the minute.
    SELECT n.low, n.high, n.low_block, n.high_block, n.low_sent, n.high_sent, n.streak, n.streak_day,
      CASE WHEN bool_or(NOT n.from_low) AND n.low_block IN ('grace', 'last_words') THEN 'said'
        ELSE coalesce(n.low_block, 'none') END AS new_low_block,
      CASE WHEN bool_or(n.from_low) AND n.high_block IN ('grace', 'last_words') THEN 'said'
        ELSE coalesce(n.high_block, 'none') END AS new_high_block,
      CASE WHEN bool_or(n.from_low) AND coalesce(n.low_sent < moment - interval '1 minute', true) THEN moment
        ELSE n.low_sent END AS new_low_sent,
      CASE WHEN bool_or(NOT n.from_low) AND coalesce(n.high_sent < moment - interval '1 minute', true) THEN moment
        ELSE n.high_sent END AS new_high_sent
    FROM accepted n WHERE n.low IS NOT NULL
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
  ), kept AS (
    -- An upsert finds its row by the key, whatever the planner thinks of the table.
    INSERT INTO contact_pair AS p (bucket, low, high, low_listed, low_tie, low_block, low_initiator, low_sent,
      high_listed, high_tie, high_block, high_initiator, high_sent, streak, streak_day)
    SELECT the_bucket, m.low, m.high, false, 'none', m.new_low_block, false, m.new_low_sent,
      false, 'none', m.new_high_block, false, m.new_high_sent, m.new_streak, m.new_streak_day
    FROM met m
    WHERE (m.new_low_block, m.new_high_block, m.new_low_sent, m.new_high_sent, m.new_streak, m.new_streak_day)
      IS DISTINCT FROM
        (coalesce(m.low_block, 'none'), coalesce(m.high_block, 'none'), m.low_sent, m.high_sent, m.streak, m.streak_day)
    ON CONFLICT (bucket, low, high) DO UPDATE SET low_block = excluded.low_block, high_block = excluded.high_block,
      low_sent = excluded.low_sent, high_sent = excluded.high_sent, streak = excluded.streak,
      streak_day = excluded.streak_day
  )
  SELECT
    (CASE
      WHEN a.kind IS NULL THEN 4
      WHEN a.old_seq IS NOT NULL THEN CASE
        WHEN a.edited_at IS NULL AND a.deleted_at IS NULL AND (a.old_type <> a.type OR a.old_text <> a.text) THEN 2
        ELSE 1 END
      WHEN n.place IS NOT NULL THEN 0
      WHEN a.kind = 'self' OR a.username IS NULL OR f.refused IS NOT NULL THEN 4
      ELSE 3 END)::smallint,
    CASE WHEN a.old_seq IS NULL AND f.refused IS NOT NULL THEN NULL ELSE a.kind END,
    a.username IS NOT NULL, coalesce(a.old_seq, n.new_seq), coalesce(a.old_id, n.new_id),
    coalesce(a.old_name, a.username), a.old_type, a.old_text, a.old_reply, coalesce(a.old_created, moment), a.edited_at,
    a.deleted_at, f.refused, CASE WHEN f.refused = 'timeout' THEN a.timeout END, coalesce(n.parting, false),
    CASE WHEN n.low IS NOT NULL AND a.acquainted IS NOT TRUE
      THEN CASE WHEN a.from_low THEN a.high ELSE a.low END END
  FROM asked a LEFT JOIN accepted n ON n.place = a.place
    CROSS JOIN LATERAL (
      SELECT CASE
        WHEN n.place IS NOT NULL OR a.old_seq IS NOT NULL OR a.username IS NULL OR a.low IS NULL THEN NULL
        WHEN coalesce(a.own_block, 'none') <> 'none' OR a.their_block IN ('blocked', 'said') THEN 'blocked'
        WHEN a.timeout > moment THEN 'timeout'
        WHEN a.their_block IN ('grace', 'last_words') AND (a.reply_to IS NULL OR a.answers) THEN 'blocked'
        END AS refused) f
  ORDER BY a.place;
END $$;
