-- Profiles: a picture and small attributes, accounts that are gone, and the lobby.
-- readable-from: 9
--
-- Nodes of the version before read and write these rows without knowing the new columns; a deleted account has no
-- password and no session any more, so that they let nobody in either.

-- attributes is a JSON object of texts; none is NULL.
ALTER TABLE chat_user ADD COLUMN avatar_url text, ADD COLUMN attributes text, ADD COLUMN deleted_at timestamptz;

-- The public conversation that is always there (ChatCore's Lobby). Its number is far above those that id_block gives
-- out; its owner is a name without an account.
INSERT INTO conversation (bucket, id, kind, title, head, member_count, created_at)
  SELECT number, 9007199254736896, 'public', 'Lobby', 0, 1, date_trunc('milliseconds', now())
  FROM (VALUES (0::smallint)) AS lobby (number);
INSERT INTO member (bucket, conversation, user_id, username, role)
  SELECT number, 9007199254736896, 9007199254736896, 'martlet', 'owner'
  FROM (VALUES (0::smallint)) AS lobby (number);
SELECT append_entry(
  0::smallint, 9007199254736896, 9::smallint, 9007199254736896, 'martlet',
  '{"k":"public","t":"Lobby","h":1,"c":' || (extract(epoch FROM c.created_at) * 1000)::bigint
    || ',"z":1,"m":[{"u":9007199254736896,"n":"martlet","r":"owner"}]}',
  c.created_at)
FROM conversation c WHERE c.bucket = 0 AND c.id = 9007199254736896;
