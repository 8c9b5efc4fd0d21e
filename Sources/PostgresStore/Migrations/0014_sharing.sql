-- Storing by lanes that share a commit: a bucket that somebody else holds is left out instead of waited for, and a
-- crowd that is stored at once is told in a row for each sender instead of one for each message.
-- readable-from: 9

-- Stores what waits in the lane of one bucket, in its order, by the rules and with the verdicts of send_messages
-- (0013), which stays for nodes that run beside this schema; send_stepwise (0011) does the same on a Citus. No two of a
-- batch have the same conversation, sender and key.
--
-- waits: whether to wait for somebody else who holds the bucket; if not, and one does, nothing is stored and no row
-- comes. So whoever stores into several buckets in one transaction waits for nobody while he holds them.
--
-- verdict 5: the whole batch was stored, the messages of `sender` under his author_name; seq and id are those of the
-- batch's first, each next one has the next seq, and the id whose counter is the next.
CREATE FUNCTION store_messages(
  the_bucket smallint, waits boolean, conversations bigint[], senders bigint[], keys text[], given boolean[],
  types text[], texts text[], replies bigint[], attached text[])
RETURNS TABLE (
  verdict smallint, kind text, is_member boolean, seq bigint, id bigint, author_name text, type text, text text,
  reply_to bigint, created_at timestamptz, edited_at timestamptz, deleted_at timestamptz, refused text,
  until timestamptz, last_words boolean, stranger bigint, attachments text, sender bigint)
LANGUAGE plpgsql AS $$
#variable_conflict use_column
DECLARE
  asked integer := cardinality(conversations);
  accepted integer := 0;
  counter bigint;
  moment timestamptz;
  below bigint;
  authors bigint[];
  names text[];
  answers boolean;
  lower bigint;
  higher bigint;
  from_low boolean;
  pair record;
  own_block text;
  their_block text;
  new record;
BEGIN
  IF NOT waits THEN
    PERFORM 1 FROM bucket_seq q WHERE q.bucket = the_bucket FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN RETURN; END IF;
  END IF;
  -- What follows sees what was committed before this lock was had, since each statement has a snapshot of its own.
  UPDATE bucket_seq q SET head = q.head + asked WHERE q.bucket = the_bucket
    RETURNING q.head - asked, date_trunc('milliseconds', clock_timestamp()) INTO STRICT counter, moment;

  -- A crowd in one conversation of several, every one of them a member, is stored by one statement. Whether a key was
  -- stored before is left to the index; then, or if anything else is in the way, it is as if nothing had been tried.
  IF asked > 2 AND conversations[1] = ALL (conversations) THEN
    -- Each by its whole key: where most conversations have few members, = ANY reads all of this one's.
    SELECT array_agg(w.id ORDER BY w.id), array_agg(m.username ORDER BY w.id) INTO authors, names
      FROM (SELECT DISTINCT s.id FROM unnest(senders) AS s (id)) w
        CROSS JOIN LATERAL (
          SELECT k.username FROM member k
          WHERE k.bucket = the_bucket AND k.conversation = conversations[1] AND k.user_id = w.id LIMIT 1) m;
    answers := true;
    IF cardinality(array_remove(replies, NULL)) > 0 THEN
      PERFORM 1 FROM unnest(replies) AS r (id)
        WHERE r.id IS NOT NULL AND (
          SELECT k.kind = 1 AND k.conversation = conversations[1] FROM entry k
          WHERE k.bucket = the_bucket AND k.id = r.id LIMIT 1) IS NOT TRUE;
      answers := NOT FOUND;
    END IF;
    IF answers AND senders <@ authors THEN
      BEGIN
        UPDATE conversation c SET head = c.head + asked
          WHERE c.bucket = the_bucket AND c.id = conversations[1] AND c.deleted_at IS NULL AND c.kind <> 'self'
            AND c.direct_low IS NULL
          RETURNING c.head - asked INTO below;
        IF FOUND THEN
          INSERT INTO entry (bucket, conversation, seq, id, kind, author, author_name, created_at, client_message_id,
            client_given, type, text, reply_to, attachments)
          SELECT the_bucket, conversations[1], below + n, ((counter + n) << 12) | the_bucket, 1, senders[n],
            names[width_bucket(senders[n], authors)], moment, keys[n], given[n], types[n], texts[n], replies[n],
            attached[n]
          FROM generate_series(1, asked) AS n;
          accepted := asked;
        END IF;
      EXCEPTION WHEN unique_violation THEN
        accepted := 0;
      END;
      IF accepted > 0 THEN
        verdict := 5;
        seq := below + 1;
        id := ((counter + 1) << 12) | the_bucket;
        created_at := moment;
        FOR i IN 1 .. cardinality(authors) LOOP
          sender := authors[i];
          author_name := names[i];
          RETURN NEXT;
        END LOOP;
        RETURN;
      END IF;
    END IF;
  END IF;

  -- Many that are no such crowd are what the one great statement is still the fastest for.
  IF asked > 8 THEN
    UPDATE bucket_seq q SET head = counter WHERE q.bucket = the_bucket;
    RETURN QUERY
    SELECT b.*, NULL::bigint
    FROM send_batch(the_bucket, conversations, senders, keys, given, types, texts, replies, attached) AS b;
    RETURN;
  END IF;

  -- Rows are looked up by their whole key and nothing else: with one condition more, a planner without statistics reads
  -- the whole bucket or conversation.
  FOR i IN 1 .. asked LOOP
    refused := NULL;
    last_words := false;
    stranger := NULL;
    SELECT k.seq, k.id, k.author_name, k.type, k.text, k.reply_to, k.created_at, k.edited_at, k.deleted_at,
        k.attachments
      INTO seq, id, author_name, type, text, reply_to, created_at, edited_at, deleted_at, attachments
      FROM entry k
      WHERE k.bucket = the_bucket AND k.conversation = conversations[i] AND k.author = senders[i]
        AND k.client_message_id = keys[i] LIMIT 1;
    IF FOUND THEN
      SELECT c.kind INTO kind FROM conversation c
        WHERE c.bucket = the_bucket AND c.id = conversations[i] AND c.deleted_at IS NULL;
      verdict := CASE
        WHEN kind IS NULL THEN 4
        WHEN edited_at IS NULL AND deleted_at IS NULL AND (type <> types[i] OR text <> texts[i]
          OR attachments IS DISTINCT FROM attached[i]) THEN 2
        ELSE 1 END;
      RETURN NEXT;
      CONTINUE;
    END IF;

    answers := true;
    IF replies[i] IS NOT NULL THEN
      SELECT k.kind = 1 AND k.conversation = conversations[i] INTO answers FROM entry k
        WHERE k.bucket = the_bucket AND k.id = replies[i] LIMIT 1;
    END IF;
    IF answers THEN
      -- The next place is taken by who may have it; one of a pair gives it back when he may not.
      UPDATE conversation c SET head = c.head + 1 FROM member m
        WHERE c.bucket = the_bucket AND c.id = conversations[i] AND c.deleted_at IS NULL AND c.kind <> 'self'
          AND m.bucket = the_bucket AND m.conversation = conversations[i] AND m.user_id = senders[i]
        RETURNING c.head, m.username, c.direct_low, c.direct_high INTO seq, author_name, lower, higher;
    END IF;
    IF seq IS NULL THEN
      SELECT c.kind, c.direct_low, c.direct_high, m.username INTO kind, lower, higher, author_name
        FROM conversation c LEFT JOIN member m
          ON m.bucket = the_bucket AND m.conversation = conversations[i] AND m.user_id = senders[i]
        WHERE c.bucket = the_bucket AND c.id = conversations[i] AND c.deleted_at IS NULL;
    END IF;

    IF lower IS NOT NULL AND author_name IS NOT NULL THEN
      SELECT k.low_block, k.high_block, k.low_sent, k.high_sent, k.streak, k.streak_day, k.low_timeout, k.high_timeout,
          (k.low_listed OR k.low_tie <> 'none') AND (k.high_listed OR k.high_tie <> 'none') AS acquainted
        INTO pair FROM contact_pair k WHERE k.bucket = the_bucket AND k.low = lower AND k.high = higher LIMIT 1;
      from_low := senders[i] = lower;
      own_block := coalesce(CASE WHEN from_low THEN pair.low_block ELSE pair.high_block END, 'none');
      their_block := coalesce(CASE WHEN from_low THEN pair.high_block ELSE pair.low_block END, 'none');
      until := CASE WHEN from_low THEN pair.high_timeout ELSE pair.low_timeout END;
      refused := CASE
        WHEN own_block <> 'none' OR their_block NOT IN ('none', 'grace', 'last_words') THEN 'blocked'
        WHEN until > moment THEN 'timeout' END;
    END IF;

    IF seq IS NULL OR refused IS NOT NULL THEN
      IF seq IS NOT NULL THEN
        UPDATE conversation c SET head = c.head - 1 WHERE c.bucket = the_bucket AND c.id = conversations[i];
        seq := NULL;
      END IF;
      is_member := author_name IS NOT NULL;
      verdict := CASE WHEN kind IS NULL OR kind = 'self' OR NOT is_member OR refused IS NOT NULL THEN 4 ELSE 3 END;
      RETURN NEXT;
      CONTINUE;
    END IF;

    accepted := accepted + 1;
    id := ((counter + accepted) << 12) | the_bucket;
    INSERT INTO entry (bucket, conversation, seq, id, kind, author, author_name, created_at, client_message_id,
      client_given, type, text, reply_to, attachments)
    VALUES (the_bucket, conversations[i], seq, id, 1, senders[i], author_name, moment, keys[i], given[i], types[i],
      texts[i], replies[i], attached[i]);

    IF lower IS NOT NULL THEN
      last_words := their_block <> 'none';
      stranger := CASE WHEN pair.acquainted IS NOT TRUE THEN CASE WHEN from_low THEN higher ELSE lower END END;
      -- What is kept of the two: last words are said, when one has written to the minute, days on which both did.
      SELECT s.*, CASE WHEN NOT s.mutual THEN pair.streak * 0
          WHEN pair.streak_day = s.today THEN pair.streak
          ELSE coalesce(pair.streak, 0) + 1 END AS streak,
          CASE WHEN s.mutual THEN s.today ELSE pair.streak_day END AS streak_day
        INTO new
        FROM (SELECT w.*, w.low_sent IS NOT NULL AND w.high_sent IS NOT NULL
            AND least(w.low_sent, w.high_sent) > moment - interval '24 hours' AS mutual,
            floor(extract(epoch FROM moment) / 86400)::bigint AS today
          FROM (SELECT
            CASE WHEN last_words AND NOT from_low THEN 'said' ELSE coalesce(pair.low_block, 'none') END AS low_block,
            CASE WHEN last_words AND from_low THEN 'said' ELSE coalesce(pair.high_block, 'none') END AS high_block,
            CASE WHEN from_low AND coalesce(pair.low_sent < moment - interval '1 minute', true) THEN moment
              ELSE pair.low_sent END AS low_sent,
            CASE WHEN NOT from_low AND coalesce(pair.high_sent < moment - interval '1 minute', true) THEN moment
              ELSE pair.high_sent END AS high_sent) w) s;
      IF (new.low_block, new.high_block, new.low_sent, new.high_sent, new.streak, new.streak_day)
        IS DISTINCT FROM
          (pair.low_block, pair.high_block, pair.low_sent, pair.high_sent, pair.streak, pair.streak_day) THEN
        INSERT INTO contact_pair AS p (bucket, low, high, low_listed, low_tie, low_block, low_initiator, low_sent,
          high_listed, high_tie, high_block, high_initiator, high_sent, streak, streak_day)
        VALUES (the_bucket, lower, higher, false, 'none', new.low_block, false, new.low_sent,
          false, 'none', new.high_block, false, new.high_sent, new.streak, new.streak_day)
        ON CONFLICT (bucket, low, high) DO UPDATE SET low_block = excluded.low_block, high_block = excluded.high_block,
          low_sent = excluded.low_sent, high_sent = excluded.high_sent, streak = excluded.streak,
          streak_day = excluded.streak_day;
      END IF;
    END IF;
    verdict := 0;
    created_at := moment;
    RETURN NEXT;
  END LOOP;

  -- No entry, no number: the bucket's log has no holes.
  IF accepted < asked THEN
    UPDATE bucket_seq q SET head = counter + accepted WHERE q.bucket = the_bucket;
  END IF;
END $$;
