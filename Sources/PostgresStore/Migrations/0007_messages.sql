-- Messages after they were sent: edits, deletions, reactions, read markers.
--
-- Only columns that may be left out and a table of its own are added, but a node that knows only version 6 can not read
-- the new kinds of entries: they are written by nodes of this version on, so the older ones are stopped first.

-- Beside the message as it is now: its text before the last change, what was put on it as [["👍",3]], and the seq of the
-- entry that changed it last. Other entries leave them empty.
ALTER TABLE entry ADD COLUMN previous_text text;
ALTER TABLE entry ADD COLUMN reactions text;
ALTER TABLE entry ADD COLUMN changed_seq bigint;

-- Who has put what on which message; the counts stand beside the message, so that a page of history needs no join.
CREATE TABLE reaction (
  bucket smallint NOT NULL,
  message bigint NOT NULL,
  user_id bigint NOT NULL,
  emoji text COLLATE "C" NOT NULL,
  PRIMARY KEY (bucket, message, user_id, emoji)
);

-- Up to where the member has read; moved without the bucket's lock, since no entry tells it.
ALTER TABLE member ADD COLUMN read_seq bigint NOT NULL DEFAULT 0;
