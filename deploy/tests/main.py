"""Runs topics: main.py --martlet FILE [TOPIC…]; ends with 1 if a sentence does not hold."""

import argparse
import importlib
import sys

import sentences

TOPICS = ["image", "compose", "chart", "systemd", "monitoring", "tracing", "faults", "outages"]

parser = argparse.ArgumentParser()
parser.add_argument("--martlet")
parser.add_argument("topics", nargs="*", choices=[*TOPICS, []])
told = parser.parse_args()
for name in told.topics or TOPICS:
    importlib.import_module(name).topic(told.martlet)
for sentence in sentences.failed:
    print(f"failed: {sentence}")
print(f"{sentences.count} sentences about deploy, {len(sentences.failed)} do not hold")
sys.exit(1 if sentences.failed or not sentences.count else 0)
