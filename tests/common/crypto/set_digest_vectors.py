#!/usr/bin/env python3
"""Computes set_digest_vectors.json with Python's hashlib, from the layout in common/crypto/set_digest.h and nothing
else: python3 set_digest_vectors.py > set_digest_vectors.json"""
import hashlib
import json
import struct

LANES = 1024


def text(value):
    data = value.encode()
    return struct.pack(">I", len(data)) + data


def expand(feed, element):
    message = (
        b"cairn.v1.element\n"
        + text(feed["consortium"]) + text(feed["partner"]) + text(feed["audience"])
        + struct.pack(">I", feed["generation"])
        + struct.pack(">I", element["kind"]) + bytes.fromhex(element["id"]) + struct.pack(">Q", element["seq"])
        + hashlib.sha256(element["payload"].encode()).digest()
    )
    return struct.unpack("<1024H", hashlib.shake_128(message).digest(2 * LANES))


def vector(name, feed, elements):
    lanes = [0] * LANES
    for element in elements:
        lanes = [(a + b) & 0xFFFF for a, b in zip(lanes, expand(feed, element))]
    state = struct.pack("<1024H", *lanes)
    return {
        "name": name, "feed": feed, "elements": elements,
        "state_begins": state[:32].hex(), "state_ends": state[-32:].hex(),
        "digest": hashlib.sha256(state).hexdigest(),
    }


def element(kind, number, seq, payload):
    return {"kind": kind, "id": hashlib.sha256(b"id %d" % number).digest()[:16].hex(), "seq": seq, "payload": payload}


FEED = {"consortium": "example", "partner": "pl-example", "audience": "public", "generation": 1}
OTHER = {"consortium": "example", "partner": "lv-example", "audience": "circle:police", "generation": 4294967295}

print(json.dumps([
    vector("the empty set", FEED, []),
    vector("one element", FEED, [element(2, 1, 1, "payload")]),
    vector("an empty payload", FEED, [element(2, 1, 1, "")]),
    vector("the same element of another feed", OTHER, [element(2, 1, 1, "payload")]),
    vector("a kind of the future and the highest sequence number", OTHER, [element(4000000000, 7, 2**64 - 1, "\u0142\u00f3d\u017a")]),
    vector("a hundred elements", FEED, [element(1 + i % 7, i, i + 1, "record %d" % i) for i in range(100)]),
], indent=1))
