-- What an account that has ended leaves behind is taken away.
-- readable-from: 9
--
-- Nodes of the version before go on beside this: an account that ends through one of them is not noted, and keeps its
-- memberships, as all did. The runbook ("Rolling upgrade") notes those afterwards.

-- Accounts that have ended and whose memberships, contacts and files are yet to be looked through, and when somebody
-- last worked at it; with the picture that each had, since the account's own row has it no more. looks: how often it
-- was found by who looked for such; what was found more seldom comes first. Those that had ended before this step begin
-- where ten looks leave the others: whoever ends his account today has ten tries before their turn, and no more, or a
-- few that nobody can finish would keep them waiting for ever.
CREATE TABLE account_cleanup (
  bucket smallint NOT NULL,
  user_id bigint NOT NULL,
  tended_at timestamptz NOT NULL,
  avatar_url text,
  looks smallint NOT NULL DEFAULT 0,
  PRIMARY KEY (bucket, user_id)
);

-- Their pictures are not known any more.
INSERT INTO account_cleanup (bucket, user_id, tended_at, looks)
  SELECT number, gone.id, gone.deleted_at, 10
  FROM (SELECT u.bucket AS number, u.id, u.deleted_at FROM chat_user u WHERE u.deleted_at IS NOT NULL) AS gone;

-- Once a minute the first hundred are asked for, were there millions.
CREATE INDEX account_cleanup_idle ON account_cleanup (looks, tended_at, user_id);

-- The seq of the entry by which he came, for who is to own what its owner has left; 0: before this step, or through a
-- node of the version before.
ALTER TABLE member ADD COLUMN joined_seq bigint NOT NULL DEFAULT 0;

-- The function of 0009, which takes nothing from whose account has ended. The lock of the user's row is shared, so that
-- ending the account and this see each other.
CREATE OR REPLACE FUNCTION reserve_file(
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
  PERFORM 1 FROM chat_user u WHERE u.bucket = the_bucket AND u.id = the_owner AND u.deleted_at IS NULL FOR SHARE;
  IF NOT FOUND THEN RETURN; END IF;
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
