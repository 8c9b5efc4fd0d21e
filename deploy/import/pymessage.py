#!/usr/bin/env python3
"""Writes the accounts of a pymessage server (PostgreSQL) as JSON Lines for `martlet import`.

    psql -At -c 'SELECT row_to_json(a) FROM accounts a ORDER BY id' DATABASE | python3 pymessage.py > pymessage.jsonl

Columns: id, username, pin, added, incoming, outgoing. PINs are stored in clear there, so the file holds them. Messages
were never stored.
"""
import json
import sys


def write(record):
    print(json.dumps(record))


accounts = [json.loads(line) for line in sys.stdin.buffer if line.strip()]
known = {account["id"] for account in accounts}
for account in accounts:
    write({"type": "user", "key": str(account["id"]), "username": account["username"], "password": str(account["pin"])})

friends = set()
for account in accounts:
    for other in account.get("added") or []:
        pair = frozenset((account["id"], other))
        if other in known and len(pair) == 2 and pair not in friends:
            friends.add(pair)
            write({"type": "contact", "of": str(account["id"]), "to": str(other), "state": "accepted"})
for account in accounts:
    for other in account.get("outgoing") or []:
        if other in known and other != account["id"] and frozenset((account["id"], other)) not in friends:
            write({"type": "contact", "of": str(account["id"]), "to": str(other), "state": "requested"})
