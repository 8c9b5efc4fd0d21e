-- What the tables of that application look like, with a few people in them.
CREATE TABLE users (
  id INTEGER PRIMARY KEY,
  username,
  _password_hash,
  fname,
  lname,
  email,
  status,
  date DATETIME,
  profile_pic
);
CREATE TABLE contacts (id INTEGER PRIMARY KEY, user_first, user_second, status, date DATETIME);
CREATE TABLE messages (
  id INTEGER PRIMARY KEY,
  sender,
  recipient,
  message_type,
  date DATETIME,
  text,
  seen,
  reaction_emoji,
  modified_date DATETIME,
  previous_body
);
INSERT INTO users VALUES
  (1,'m.ada',
    '$2b$05$Mnsdt31H/KKGtIrtPdvebumJzQzJJdnWuotmPubsdDH9iSqQk5ypK',
    'Ada','L','ada@example.org','offline','2023-09-13 10:00:00','x_me.png'),
  (2,'m.bob',
    '$2b$05$Mnsdt31H/KKGtIrtPdvebumJzQzJJdnWuotmPubsdDH9iSqQk5ypK',
    'Bob','B','','offline','2023-09-13 10:00:01','profile-picture-default.png');
INSERT INTO contacts VALUES
  (1,1,2,'pending','2023-09-13 11:00:00'),
  (2,2,1,'pending','2023-09-13 11:00:01');
INSERT INTO messages VALUES
  (1,1,2,'text','2023-09-13 12:00:00','hé','False',NULL,NULL,NULL),
  (2,2,1,'image','2023-09-13 12:00:01','u_a.png','False',NULL,'2023-09-13 12:30:00','x');
