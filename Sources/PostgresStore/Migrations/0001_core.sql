-- Users, sign-in sessions, conversations and their logs.
-- readable-from: 1
--
-- Every table begins its keys with bucket (0 … 4095), and foreign keys stay within one world: that of a user's bucket
-- or that of a conversation's. So the same tables stand on plain PostgreSQL and, distributed by bucket, on several
-- machines.

-- Where node-wide numbers come from (kinds conversation and session, in bucket 0), and each bucket's user numbers.
CREATE TABLE id_block (
  bucket smallint NOT NULL,
  kind text NOT NULL,
  next bigint NOT NULL,
  PRIMARY KEY (bucket, kind)
);

-- The world of users.

CREATE TABLE username_claim (
  bucket smallint NOT NULL,
  key text COLLATE "C" NOT NULL,
  user_id bigint NOT NULL,
  PRIMARY KEY (bucket, key)
);

CREATE INDEX username_claim_key ON username_claim (key);

CREATE TABLE chat_user (
  bucket smallint NOT NULL,
  id bigint NOT NULL,
  username text NOT NULL,
  display_name text NOT NULL,
  email text,
  password_hash text NOT NULL,
  own_conversation bigint NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (bucket, id)
);

CREATE TABLE user_session (
  bucket smallint NOT NULL,
  id bigint NOT NULL,
  user_id bigint NOT NULL,
  device text,
  nonce bytea NOT NULL,
  generation bigint NOT NULL,
  created_at timestamptz NOT NULL,
  rotated_at timestamptz NOT NULL,
  last_seen_at timestamptz NOT NULL,
  ended_at timestamptz,
  PRIMARY KEY (bucket, id)
);

CREATE INDEX user_session_user ON user_session (bucket, user_id);

-- Direct, group and public conversations of a user; deleted ones stay and are skipped when read.
CREATE TABLE user_conversation (
  bucket smallint NOT NULL,
  user_id bigint NOT NULL,
  conversation bigint NOT NULL,
  PRIMARY KEY (bucket, user_id, conversation)
);

ALTER TABLE user_session ADD CONSTRAINT user_session_of_user
  FOREIGN KEY (bucket, user_id) REFERENCES chat_user (bucket, id);
ALTER TABLE user_conversation ADD CONSTRAINT user_conversation_of_user
  FOREIGN KEY (bucket, user_id) REFERENCES chat_user (bucket, id);

-- The world of conversations.

-- The counter of the bucket's newest entry. Who writes into the bucket locks this row first and keeps it until his
-- commit: so the entries of a bucket become visible in the order of their numbers, without holes.
CREATE TABLE bucket_seq (
  bucket smallint NOT NULL,
  head bigint NOT NULL,
  PRIMARY KEY (bucket)
);

CREATE TABLE conversation (
  bucket smallint NOT NULL,
  id bigint NOT NULL,
  kind text NOT NULL,
  title text,
  direct_low bigint,
  direct_high bigint,
  head bigint NOT NULL,
  member_count bigint NOT NULL,
  created_at timestamptz NOT NULL,
  deleted_at timestamptz,
  PRIMARY KEY (bucket, id)
);

-- Partial, so that no lookup by another key mistakes it for a way into the bucket.
CREATE UNIQUE INDEX conversation_direct ON conversation (bucket, direct_low, direct_high) WHERE direct_low IS NOT NULL;

CREATE TABLE member (
  bucket smallint NOT NULL,
  conversation bigint NOT NULL,
  user_id bigint NOT NULL,
  username text NOT NULL,
  role text NOT NULL,
  PRIMARY KEY (bucket, conversation, user_id)
);

-- The logs. kind is the number of the event (EventCode); a message keeps its text here as it is now, what other events
-- say stands in detail. client_message_id is the sender's own id or, where he gave none (client_given is false), one of
-- ours, so that a send whose answer was lost can be repeated by the node too.
CREATE TABLE entry (
  bucket smallint NOT NULL,
  conversation bigint NOT NULL,
  seq bigint NOT NULL,
  id bigint NOT NULL,
  kind smallint NOT NULL,
  author bigint NOT NULL,
  author_name text NOT NULL,
  created_at timestamptz NOT NULL,
  client_message_id text,
  client_given boolean NOT NULL,
  type text,
  text text,
  reply_to bigint,
  edited_at timestamptz,
  deleted_at timestamptz,
  detail text,
  PRIMARY KEY (bucket, conversation, seq),
  CONSTRAINT entry_id UNIQUE (bucket, id)
);

-- Partial for the same reason. Made last: where a planner without statistics sees two indexes alike, it takes the
-- younger.
CREATE UNIQUE INDEX entry_client_message_id ON entry (bucket, conversation, author, client_message_id)
  WHERE client_message_id IS NOT NULL;

-- Entries have no foreign key: only the functions below write them, under the bucket's lock, and checking one for each
-- message would cost as much as storing it.
ALTER TABLE member ADD CONSTRAINT member_of_conversation
  FOREIGN KEY (bucket, conversation) REFERENCES conversation (bucket, id);

INSERT INTO bucket_seq (bucket, head) SELECT number, 0 FROM generate_series(0, 4095) AS number;

-- Takes a name and the number of the user who is to have it; no row when the name is taken.
CREATE FUNCTION claim_username(the_bucket smallint, the_key text)
RETURNS TABLE (user_id bigint, moment timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  number bigint;
BEGIN
  PERFORM FROM bucket_seq q WHERE q.bucket = the_bucket FOR UPDATE;
  IF EXISTS (SELECT FROM username_claim c WHERE c.bucket = the_bucket AND c.key = the_key) THEN RETURN; END IF;
  -- From 2442 on, so that every user id has at least eight digits: 2442 * 4096 > 10^7.
  INSERT INTO id_block AS i (bucket, kind, next) VALUES (the_bucket, 'user', 2443)
    ON CONFLICT (bucket, kind) DO UPDATE SET next = i.next + 1
    RETURNING i.next - 1 INTO number;
  INSERT INTO username_claim (bucket, key, user_id) VALUES (the_bucket, the_key, (number << 12) | the_bucket);
  RETURN QUERY SELECT (number << 12) | the_bucket, date_trunc('milliseconds', clock_timestamp());
END $$;

-- Puts one entry that is no message at the end of a conversation's log; no row when there is no such conversation.
CREATE FUNCTION append_entry(
  the_bucket smallint, the_conversation bigint, the_kind smallint, the_author bigint, the_name text, the_detail text,
  the_moment timestamptz)
RETURNS TABLE (seq bigint, id bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  counter bigint;
  place bigint;
BEGIN
  UPDATE bucket_seq q SET head = q.head + 1 WHERE q.bucket = the_bucket RETURNING q.head INTO counter;
  UPDATE conversation c SET head = c.head + 1 WHERE c.bucket = the_bucket AND c.id = the_conversation
    RETURNING c.head INTO place;
  IF place IS NULL THEN
    -- No entry, no number: the bucket's log has no holes.
    UPDATE bucket_seq q SET head = q.head - 1 WHERE q.bucket = the_bucket;
    RETURN;
  END IF;
  INSERT INTO entry (bucket, conversation, seq, id, kind, author, author_name, created_at, client_given, detail)
    VALUES (the_bucket, the_conversation, place, (counter << 12) | the_bucket, the_kind, the_author, the_name,
      the_moment,
      false, the_detail);
  RETURN QUERY SELECT place, (counter << 12) | the_bucket;
END $$;

-- Stores what waits in the lane of one bucket, in its order. No two of a batch have the same conversation, sender and
-- key.
--
-- verdict: 0 stored, 1 stored before, 2 stored before with another text or type, 3 answers no message of the
-- conversation, 4 may not be written (kind and is_member say why; no kind: no such conversation).
CREATE FUNCTION send_batch(
  the_bucket smallint, conversations bigint[], senders bigint[], keys text[], given boolean[], types text[],
  texts text[],
  replies bigint[])
RETURNS TABLE (
  verdict smallint, kind text, is_member boolean, seq bigint, id bigint, author_name text, type text, text text,
  reply_to bigint, created_at timestamptz, edited_at timestamptz, deleted_at timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  counter bigint;
  moment timestamptz;
BEGIN
  -- What follows sees what was committed before this lock was had, since each statement has a snapshot of its own.
  SELECT q.head INTO STRICT counter FROM bucket_seq q WHERE q.bucket = the_bucket FOR UPDATE;
  moment := date_trunc('milliseconds', clock_timestamp());
  RETURN QUERY
  -- Each row is looked up by its whole key and nothing else (LATERAL … LIMIT 1): as plain joins, or with one condition
  -- more than the key has, a planner without statistics reads the whole bucket or conversation for each message.
  WITH asked AS MATERIALIZED (
    SELECT a.place, a.conversation, a.sender, a.client_id, a.client_given, a.type, a.text, a.reply_to,
      c.kind, c.head, m.username, r.kind = 1 AND r.conversation = a.conversation AS answers, e.seq AS old_seq,
      e.id AS old_id, e.author_name AS old_name,
      e.type AS old_type, e.text AS old_text, e.reply_to AS old_reply, e.created_at AS old_created, e.edited_at,
      e.deleted_at
    FROM unnest(conversations, senders, keys, given, types, texts, replies) WITH ORDINALITY
        AS a (conversation, sender, client_id, client_given, type, text, reply_to, place)
      LEFT JOIN LATERAL (
        SELECT k.kind, k.head FROM conversation k
        WHERE k.bucket = the_bucket AND k.id = a.conversation AND k.deleted_at IS NULL LIMIT 1) c ON true
      LEFT JOIN LATERAL (
        SELECT k.username FROM member k
        WHERE k.bucket = the_bucket AND k.conversation = a.conversation AND k.user_id = a.sender LIMIT 1) m ON true
      LEFT JOIN LATERAL (
        SELECT k.* FROM entry k
        WHERE k.bucket = the_bucket AND k.conversation = a.conversation AND k.author = a.sender
          AND k.client_message_id = a.client_id LIMIT 1) e ON true
      LEFT JOIN LATERAL (
        SELECT k.kind, k.conversation FROM entry k WHERE k.bucket = the_bucket AND k.id = a.reply_to LIMIT 1) r ON true
  ), accepted AS MATERIALIZED (
    SELECT a.*, a.head + row_number() OVER (PARTITION BY a.conversation ORDER BY a.place) AS new_seq,
      ((counter + row_number() OVER (ORDER BY a.place)) << 12) | the_bucket AS new_id
    FROM asked a
    WHERE a.kind <> 'self' AND a.username IS NOT NULL AND a.old_seq IS NULL
      AND (a.reply_to IS NULL OR a.answers)
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
  )
  SELECT
    (CASE
      WHEN a.kind IS NULL THEN 4
      WHEN a.old_seq IS NOT NULL THEN CASE
        WHEN a.edited_at IS NULL AND a.deleted_at IS NULL AND (a.old_type <> a.type OR a.old_text <> a.text) THEN 2
        ELSE 1 END
      WHEN n.place IS NOT NULL THEN 0
      WHEN a.kind = 'self' OR a.username IS NULL THEN 4
      ELSE 3 END)::smallint,
    a.kind, a.username IS NOT NULL, coalesce(a.old_seq, n.new_seq), coalesce(a.old_id, n.new_id),
    coalesce(a.old_name, a.username), a.old_type, a.old_text, a.old_reply, coalesce(a.old_created, moment), a.edited_at,
    a.deleted_at
  FROM asked a LEFT JOIN accepted n ON n.place = a.place
  ORDER BY a.place;
END $$;
