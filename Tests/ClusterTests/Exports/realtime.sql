-- What the tables of that application look like, with a few people in them.
CREATE TABLE users (id INTEGER PRIMARY KEY, username, email, password_hash, avatar_url);
CREATE TABLE messages (id INTEGER PRIMARY KEY, content, timestamp DATETIME, user_id);
CREATE TABLE private_chats (id INTEGER PRIMARY KEY, user1_id, user2_id, created_at DATETIME);
CREATE TABLE private_messages (id INTEGER PRIMARY KEY, content, timestamp DATETIME, sender_id, chat_id);
INSERT INTO users VALUES
  (1,'r.ada','ada@example.org',
    'scrypt:32768:8:1$SNKZDrH8Ev7ZA0lH$16703eaadf23baa85f83adea86d049cf26327dc893b8327fbfe7e7824a78c215'
    || 'bbd2b8b6bee7b0e6b321b142a3f45e07675bf1da5cd255fcdad280f98d0cbc98',NULL),
  (2,'r.bob','bob@example.org',
    'scrypt:32768:8:1$SNKZDrH8Ev7ZA0lH$16703eaadf23baa85f83adea86d049cf26327dc893b8327fbfe7e7824a78c215'
    || 'bbd2b8b6bee7b0e6b321b142a3f45e07675bf1da5cd255fcdad280f98d0cbc98','https://e.org/b.png');
INSERT INTO messages VALUES
  (1,'à tous','2025-12-25 10:30:00.123456',1);
INSERT INTO private_chats VALUES
  (1,1,2,'2025-12-25 10:31:00');
INSERT INTO private_messages VALUES
  (1,'psst','2025-12-25 10:32:00',2,1);
