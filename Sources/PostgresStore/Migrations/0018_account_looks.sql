-- Whoever ends his account is looked after before those of years ago, ten times.
-- readable-from: 9
--
-- How often each ended account was found by who looks for such; what was found more seldom comes first.
-- Until now a second look came behind all that ended before schema 17. Those begin where ten looks leave the others:
-- whoever ends his account today has ten tries before their turn, and no more, or a few that nobody can finish would
-- keep them waiting for ever.
--
-- Safe beside the last release, which goes by `late` and lets new notes begin at 0.
ALTER TABLE account_cleanup ADD COLUMN looks smallint NOT NULL DEFAULT 0;

UPDATE account_cleanup SET looks = 10 WHERE late;

CREATE INDEX account_cleanup_looks ON account_cleanup (looks, tended_at, user_id);
