-- Files: what they are, whose, their bytes, and where they were sent.
-- readable-from: 8

-- In the owner's bucket. state: 0 reserved, 1 there, 2 being deleted; bytes are there at most while a row is, and count
-- in file_usage as long as it is. A file with a url lies elsewhere and has no bytes here.
CREATE TABLE file (
  bucket smallint NOT NULL,
  id bigint NOT NULL,
  owner bigint NOT NULL,
  name text NOT NULL,
  type text NOT NULL,
  size bigint NOT NULL,
  access text NOT NULL,
  secret text,
  url text,
  conversation bigint,
  message bigint,
  state smallint NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (bucket, id)
);

CREATE INDEX file_owner ON file (bucket, owner, id);

-- Partial: what an upload or a deletion that did not end has left.
CREATE INDEX file_unfinished ON file (bucket, owner) WHERE state <> 1;

CREATE TABLE file_usage (
  bucket smallint NOT NULL,
  owner bigint NOT NULL,
  bytes bigint NOT NULL,
  files bigint NOT NULL,
  PRIMARY KEY (bucket, owner)
);

-- The bytes, where no other service keeps them; no foreign key, since they may be written where file is not.
CREATE TABLE file_piece (
  bucket smallint NOT NULL,
  file bigint NOT NULL,
  place integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (bucket, file, place)
);

-- The conversations whose members may read a file, in the file's bucket.
CREATE TABLE file_link (
  bucket smallint NOT NULL,
  file bigint NOT NULL,
  conversation bigint NOT NULL,
  PRIMARY KEY (bucket, file, conversation)
);

-- Files that lie elsewhere, beside the conversation in which they were named; message 0 for the conversation itself.
CREATE TABLE conversation_file (
  bucket smallint NOT NULL,
  conversation bigint NOT NULL,
  message bigint NOT NULL,
  file bigint NOT NULL,
  owner bigint NOT NULL,
  owner_name text NOT NULL,
  name text NOT NULL,
  url text NOT NULL,
  size bigint NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (bucket, conversation, message, file)
);

ALTER TABLE file ADD CONSTRAINT file_of_user FOREIGN KEY (bucket, owner) REFERENCES chat_user (bucket, id);
ALTER TABLE conversation_file ADD CONSTRAINT file_of_conversation
  FOREIGN KEY (bucket, conversation) REFERENCES conversation (bucket, id);

-- What a message carries besides its text, as JSON: [{"i","n","y","z"}] (id, name, type, size).
ALTER TABLE entry ADD COLUMN attachments text;

-- Makes the row of a file whose bytes are to come, and counts them; no row when that would be more than the owner may
-- have. Numbers rise in the bucket, so that an owner's files are in order by id.
CREATE FUNCTION reserve_file(
  the_bucket smallint, the_owner bigint, the_name text, the_type text, the_size bigint, the_access text,
  the_secret text, the_url text, the_conversation bigint, the_message bigint, bytes_max bigint, files_max bigint)
RETURNS TABLE (id bigint, created_at timestamptz)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  number bigint;
  moment timestamptz;
  counted bigint := CASE WHEN the_url IS NULL THEN the_size ELSE 0 END;
  used bigint;
  held bigint;
BEGIN
  -- This row is locked until the commit, so that two uploads at once are counted one after the other.
  INSERT INTO file_usage AS u (bucket, owner, bytes, files) VALUES (the_bucket, the_owner, counted, 1)
    ON CONFLICT (bucket, owner) DO UPDATE SET bytes = u.bytes + counted, files = u.files + 1
    RETURNING u.bytes, u.files INTO used, held;
  IF used > bytes_max OR held > files_max THEN
    UPDATE file_usage u SET bytes = u.bytes - counted, files = u.files - 1
      WHERE u.bucket = the_bucket AND u.owner = the_owner;
    RETURN;
  END IF;
  INSERT INTO id_block AS i (bucket, kind, next) VALUES (the_bucket, 'file', 2)
    ON CONFLICT (bucket, kind) DO UPDATE SET next = i.next + 1
    RETURNING i.next - 1 INTO number;
  moment := date_trunc('milliseconds', clock_timestamp());
  INSERT INTO file (bucket, id, owner, name, type, size, access, secret, url, conversation, message, state, created_at)
    VALUES (the_bucket, (number << 12) | the_bucket, the_owner, the_name, the_type, the_size, the_access, the_secret,
      the_url, the_conversation, the_message, CASE WHEN the_url IS NULL THEN 0 ELSE 1 END, moment);
  RETURN QUERY SELECT (number << 12) | the_bucket, moment;
END $$;

-- Takes the row of a file away whose bytes are gone, and counts it no more.
CREATE FUNCTION forget_file(the_bucket smallint, the_file bigint)
RETURNS boolean
LANGUAGE plpgsql AS $$
DECLARE
  gone file%ROWTYPE;
BEGIN
  DELETE FROM file f WHERE f.bucket = the_bucket AND f.id = the_file AND (f.state <> 1 OR f.url IS NOT NULL)
    RETURNING f.* INTO gone;
  IF gone.id IS NULL THEN RETURN false; END IF;
  DELETE FROM file_link l WHERE l.bucket = the_bucket AND l.file = the_file;
  UPDATE file_usage u SET bytes = u.bytes - CASE WHEN gone.url IS NULL THEN gone.size ELSE 0 END, files = u.files - 1
    WHERE u.bucket = the_bucket AND u.owner = gone.owner;
  RETURN true;
END $$;

-- The function of 0008 with attachments: the lines that are new say "attach". The old one stays for nodes that run
-- beside this schema.
--
-- Stores what waits in the lane of one bucket, in its order. No two of a batch have the same conversation, sender and
-- key.
--
-- verdict: 0 stored, 1 stored before, 2 stored before with another text, type or attachments, 3 answers no message of
-- the conversation, 4 may not be written (kind, is_member and refused say why; no kind: no such conversation).
CREATE FUNCTION send_batch(
  the_bucket smallint, conversations bigint[], senders bigint[], keys text[], given boolean[], types text[],
  texts text[],
  replies bigint[],
  attached text[])
RETURNS TABLE (
  verdict smallint, kind text, is_member boolean, seq bigint, id bigint, author_name text, type text, text text,
  reply_to bigint, created_at timestamptz, edited_at timestamptz, deleted_at timestamptz, refused text,
  until timestamptz, last_words boolean, stranger bigint,
  attachments text)
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
    SELECT a.attachments, e.attachments AS old_attachments,
      a.place, a.conversation, a.sender, a.client_id, a.client_given, a.type, a.text, a.reply_to,
      c.kind, c.head, m.username, r.kind = 1 AND r.conversation = a.conversation AS answers, e.seq AS old_seq,
      e.id AS old_id, e.author_name AS old_name,
      e.type AS old_type, e.text AS old_text, e.reply_to AS old_reply, e.created_at AS old_created, e.edited_at,
      e.deleted_at, c.direct_low AS low, c.direct_high AS high, a.sender = c.direct_low AS from_low,
      p.low_block, p.high_block, p.low_sent, p.high_sent, p.streak, p.streak_day,
      CASE WHEN a.sender = c.direct_low THEN p.high_timeout ELSE p.low_timeout END AS timeout,
      CASE WHEN a.sender = c.direct_low THEN p.low_block ELSE p.high_block END AS own_block,
      CASE WHEN a.sender = c.direct_low THEN p.high_block ELSE p.low_block END AS their_block,
      (p.low_listed OR p.low_tie <> 'none') AND (p.high_listed OR p.high_tie <> 'none') AS acquainted
    FROM unnest(conversations, senders, keys, given, types, texts, replies,
        attached) WITH ORDINALITY
        AS a (conversation, sender, client_id, client_given, type, text, reply_to,
          attachments, place)
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
      type, text, reply_to,
      attachments)
    SELECT the_bucket, n.conversation, n.new_seq, n.new_id, 1, n.sender, n.username, moment, n.client_id,
      n.client_given,
      n.type, n.text, n.reply_to,
      n.attachments
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
        WHEN a.edited_at IS NULL AND a.deleted_at IS NULL AND (a.old_type <> a.type OR a.old_text <> a.text
          OR a.attachments IS DISTINCT FROM a.old_attachments) THEN 2
        ELSE 1 END
      WHEN n.place IS NOT NULL THEN 0
      WHEN a.kind = 'self' OR a.username IS NULL OR f.refused IS NOT NULL THEN 4
      ELSE 3 END)::smallint,
    CASE WHEN a.old_seq IS NULL AND f.refused IS NOT NULL THEN NULL ELSE a.kind END,
    a.username IS NOT NULL, coalesce(a.old_seq, n.new_seq), coalesce(a.old_id, n.new_id),
    coalesce(a.old_name, a.username), a.old_type, a.old_text, a.old_reply, coalesce(a.old_created, moment), a.edited_at,
    a.deleted_at, f.refused, CASE WHEN f.refused = 'timeout' THEN a.timeout END, coalesce(n.parting, false),
    CASE WHEN n.low IS NOT NULL AND a.acquainted IS NOT TRUE
      THEN CASE WHEN a.from_low THEN a.high ELSE a.low END END,
    a.old_attachments
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
