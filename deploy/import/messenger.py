#!/usr/bin/env python3
"""Writes the database of the Flask messenger (chatprojectnew, SQLite) as JSON Lines for `martlet import`.

    python3 messenger.py server/instance/app.db > messenger.jsonl

Tables: users, contacts, messages. The names of uploaded pictures are kept, the pictures are not.
"""
import json
import sqlite3
import sys
from datetime import datetime, timezone

TYPES = {"text", "image", "audio"}


def write(record):
    print(json.dumps({name: value for name, value in record.items() if value not in (None, "")}))


def moment(text):
    """UTC without a zone: 2023-09-13 10:30:00."""
    if not text:
        return None
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
        email, picture = user["email"], user["profile_pic"]
        write({
            "type": "user", "key": str(user["id"]), "username": user["username"],
            "password_hash": user["_password_hash"],
            "display_name": f"{user['fname']} {user['lname']}".strip(),
            "email": email if email and email.count("@") == 1 and " " not in email else None,
            "avatar_url": picture if picture != "profile-picture-default.png" else None,
            "attributes": {"fname": user["fname"], "lname": user["lname"]}, "created_at": moment(user["date"]),
        })

    # Whoever is added has the other at once, without being asked.
    pairs = {}
    for row in rows("SELECT * FROM contacts ORDER BY id"):
        pairs.setdefault(frozenset((row["user_first"], row["user_second"])), row)
    for first, second in (("user_first", "user_second"), ("user_second", "user_first")):
        for row in pairs.values():
            write({
                "type": "contact", "of": str(row[first]), "to": str(row[second]), "state": "new",
                "created_at": moment(row["date"]),
            })

    for message in rows("SELECT * FROM messages ORDER BY id"):
        kind = str(message["message_type"])
        write({
            "type": "message", "key": str(message["id"]), "from": str(message["sender"]),
            "to": str(message["recipient"]),
            "text": message["text"], "message_type": kind if kind in TYPES else "text",
            "created_at": moment(message["date"]), "edited_at": moment(message["modified_date"]),
        })


main(sys.argv[1])
