-- What the tables of that application look like, with a few people in them.
CREATE TABLE user (
  user_id TEXT PRIMARY KEY,
  username TEXT,
  password TEXT,
  salt TEXT,
  created_at DATETIME,
  session_id TEXT,
  public_key TEXT,
  is_online BOOLEAN
);
CREATE TABLE user_contact (
  user_id TEXT,
  contact_id TEXT,
  status VARCHAR(9),
  time_out DATETIME,
  streak INTEGER,
  continue_streak BOOLEAN
);
CREATE TABLE "group" (group_id TEXT, group_name TEXT, admin_user_id TEXT, public_key TEXT, create_at DATETIME);
CREATE TABLE group_member (group_id TEXT, user_id TEXT, joined_at DATETIME, role VARCHAR(6));
CREATE TABLE message (
  message_id TEXT,
  sender_user_id TEXT,
  recipient_user_id TEXT,
  encrypted_content TEXT,
  type VARCHAR(5),
  send_at DATETIME,
  updated_at DATETIME,
  is_group BOOLEAN
);
INSERT INTO user VALUES
  ('a-1','umoc.ada','pw','', '2024-11-18 10:30:00.123456',NULL,'',0),
  ('b-2','umoc.bob','1234','', '2024-11-18 10:31:00.000000',NULL,'key',0),
  ('c-3','umoc.eve','x','','2024-11-18 10:32:00',NULL,NULL,1);
INSERT INTO user_contact VALUES
  ('a-1','b-2','FRIEND',NULL,0,1),
  ('b-2','a-1','FRIEND',NULL,0,1),
  ('a-1','c-3','BLOCKED',NULL,0,1),
  ('c-3','a-1','LASTWORDS',NULL,0,1);
INSERT INTO "group" VALUES
  ('g-1','Room','a-1',NULL,'2024-11-19 10:00:00');
INSERT INTO group_member VALUES
  ('g-1','a-1','2024-11-19 10:00:00','ADMIN'),
  ('g-1','b-2','2024-11-19 10:00:00','ADMIN'),
  ('g-1','c-3','2024-11-19 10:00:00','GUEST');
INSERT INTO message VALUES
  ('m-1','a-1','b-2','grüß dich','TEXT','2024-11-20 10:00:00.5',NULL,0),
  ('m-2','c-3','g-1','hello','TEXT','2024-11-20 10:01:00',NULL,1),
  ('m-3','a-1','b-2','when?','TEXT','yesterday',NULL,0);
