-- The address of a conversation's picture.
-- readable-from: 1

ALTER TABLE conversation ADD COLUMN picture text;
