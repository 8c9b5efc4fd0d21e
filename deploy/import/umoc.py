#!/usr/bin/env python3
"""Writes the database of a UMOC backend (session or JWT server, SQLite) as JSON Lines for `martlet import`.

    python3 umoc.py instance/umoc.db > umoc.jsonl

Tables: user, user_contact, group, group_member, message. Passwords are stored in clear there, so the file holds them:
keep it as you keep them.
"""
import json
import sqlite3
import sys
from datetime import datetime, timezone

STATES = {"friend": "friend", "new": "new", "timeout": "new", "lastwords": "new", "last_words": "new", "blocked": "new"}


def write(record):
    print(json.dumps({name: value for name, value in record.items() if value not in (None, "")}))


def moment(text):
    """SQLAlchemy writes UTC without a zone: 2024-11-18 10:30:00.123456."""
    if not text:
        return None
    try:
        return datetime.fromisoformat(str(text)).replace(tzinfo=timezone.utc).isoformat(timespec="milliseconds")
    except ValueError:
        return str(text)  # The import refuses this line and says why, instead of nobody having the others.


def has(row, name):
    return row[name] if name in row.keys() else None


def main(path):
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.row_factory = sqlite3.Row
    database.text_factory = lambda text: text.decode("utf-8", "replace")
    rows = lambda query: database.execute(query)

    for user in rows('SELECT * FROM "user" ORDER BY created_at, user_id'):
        key = has(user, "public_key")
        write({
            "type": "user", "key": user["user_id"], "username": user["username"], "password": user["password"],
            "avatar_url": has(user, "profile_picture"), "created_at": moment(user["created_at"]),
            "attributes": {"public_key": key} if key else None,
        })

    # An enumeration is stored by its name (FRIEND), by older versions maybe by its value (friend).
    contacts = rows("SELECT * FROM user_contact ORDER BY user_id, contact_id")
    words = {(row["user_id"], row["contact_id"]): str(row["status"]).lower() for row in contacts}
    for (one, other), word in words.items():
        state = STATES.get(word, "new")
        if state == "friend":
            state = "accepted" if words.get((other, one)) == "friend" else "requested"
        write({"type": "contact", "of": one, "to": other, "state": state, "blocked": word == "blocked" or None})

    members = {}
    for row in rows("SELECT * FROM group_member ORDER BY joined_at"):
        members.setdefault(row["group_id"], []).append((row["user_id"], str(row["role"]).lower()))
    for group in rows('SELECT * FROM "group" ORDER BY create_at, group_id'):
        people = members.get(group["group_id"], [])
        owner = group["admin_user_id"] or next((user for user, role in people if role == "admin"), None)
        if owner is None:
            print(f"group {group['group_id']} has no admin, and is left out with its messages", file=sys.stderr)
            continue
        # An admin may do there what an owner may do here.
        write({
            "type": "group", "key": group["group_id"], "title": group["group_name"], "owner": owner,
            "picture_url": has(group, "group_pic") or has(group, "picture"), "created_at": moment(group["create_at"]),
            "members": [{"user": user, "role": "owner" if role == "admin" else "member"} for user, role in people
                        if user != owner],
        })

    for message in rows("SELECT * FROM message ORDER BY send_at, message_id"):
        kind = str(message["type"] or "text").lower()
        if kind == "deleted_text":
            continue
        write({
            "type": "message", "key": message["message_id"], "from": message["sender_user_id"],
            ("group" if message["is_group"] else "to"): message["recipient_user_id"],
            "text": message["encrypted_content"], "message_type": kind, "created_at": moment(message["send_at"]),
            "edited_at": moment(has(message, "updated_at")),
        })


main(sys.argv[1])
