#!/usr/bin/env python3
"""Writes the database of the real-time chat application (Flask, SQLite) as JSON Lines for `martlet import`.

    python3 realtime.py realtime-chat-backend/instance/app.db > realtime.jsonl

Tables: users, messages, private_chats, private_messages. Public messages go into the lobby.
"""
import json
import sqlite3
import sys
from datetime import datetime, timezone


def write(record):
    print(json.dumps({name: value for name, value in record.items() if value not in (None, "")}))


def moment(text):
    """UTC without a zone: 2025-12-25 10:30:00.123456."""
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=timezone.utc).isoformat(timespec="milliseconds")
    except ValueError:
        return str(text)  # The import refuses this line and says why, instead of nobody having the others.


def main(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    database.text_factory = lambda text: text.decode("utf-8", "replace")
    rows = lambda query: database.execute(query)

    for user in rows("SELECT * FROM users ORDER BY id"):
        write({
            "type": "user", "key": str(user["id"]), "username": user["username"],
            "password_hash": user["password_hash"],
            "email": user["email"], "avatar_url": user["avatar_url"],
        })
    for message in rows("SELECT * FROM messages ORDER BY timestamp, id"):
        write({
            "type": "message", "key": f"public-{message['id']}", "from": str(message["user_id"]), "lobby": True,
            "text": message["content"], "created_at": moment(message["timestamp"]),
        })
    private = """
        SELECT m.id, m.content, m.timestamp, m.sender_id, c.user1_id + c.user2_id - m.sender_id AS other
        FROM private_messages m JOIN private_chats c ON c.id = m.chat_id ORDER BY m.timestamp, m.id
        """
    for message in rows(private):
        write({
            "type": "message", "key": f"private-{message['id']}", "from": str(message["sender_id"]),
            "to": str(message["other"]), "text": message["content"], "created_at": moment(message["timestamp"]),
        })


main(sys.argv[1])
