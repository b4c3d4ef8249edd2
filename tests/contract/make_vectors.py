#!/usr/bin/env python3
"""Writes vectors.tsv: literal lines and the verdict each must get, for every implementation of the wire.

Imports nothing of FaceGate, and every key and MAC comes from the openssl program, so that a mistake in our own code
cannot repeat itself here. It is long because it is one table, written in the order in which it is read, and because it
must stand alone: whoever writes another implementation can follow every MAC in one file. Run it after a change of the
cases and read the difference before committing it:

    tests/contract/make_vectors.py > tests/contract/vectors.tsv
"""

import subprocess
import sys
from dataclasses import dataclass, fields

GATE = "north-1"
OTHER_GATE = "south-1"
KEY = "8f5b0a7e3c1d94626be2f7a80914cd35e6a1b2780fd34c59913e6ad7c204bb18"
OTHER_KEY = "21d7f36a0b9e4c8895a4e1730c62fb5d7e08139a44bdc6f2518e0d93a7bc6f04"
CURRENT = "6d0f1c5be29a4783b1f4c07e95d82a36"
PREVIOUS = "e3a94b7f205c4d18963fb8d2a7016ec5"
NONCE = "41d6e0a95f7b2c8833e4d019a6bc57f2048e9d6c1b7fa35028cde47196b0f83a"
DEAD = "0b7c92e65d1f48a3b0c4d9e7f2a13586"
ID = "00c0ffee5eed0001"
UPTIME = 1_000_000
SOON = UPTIME + 2_000

HEADER = """\
# The wire's test vectors, for every implementation of docs/protocol.md. Written by make_vectors.py; do not edit.
# One case a line, columns separated by one tab; "-" is "none". Lines that begin with "#" are comments, the first
# line that does not is the head.
#
# name       what the case is about; unique
# receiver   node: a command arrives at a gate node; recognizer: a hello, ack or event arrives at the recognizer
# kind       the kind of line that the receiver expects on this topic: command, hello, ack, event
# gate       the id of the receiver's gate
# key        the gate's key, 32 bytes in hex; every other key is derived from it
# challenge  node: the challenge that it issued last; none: a reconnect has just voided all
# previous   node: the one before, still alive
# counter    node: the counter that slot 1 used last under "challenge"; 0: it has used none
# done       node: SLOT:ID=RESULT that it has finished and remembers
# state      node: as its hello says: closed, open (an opening is in progress) or fire (released by the fire contact);
#            or its mode, while nothing is open for anybody in particular: lockdown, free; or quiet: released by the
#            fire contact, which is no longer active
# uptime     node: its uptime in ms when the line arrives
# boot seq   recognizer: the position of the last line of this kind that it took
# line       the bytes that arrive, perhaps none; \\xHH is one byte (so a backslash is \\x5c), others are themselves
# verdict    node: the reason of a refusal (size format version kind gate slot mac: no ack, no counter used),
#            else the result in the ack; recognizer: ok, the reason of a refusal, or old (position not greater)
# relay      node: the relay that pulses, and only then
# pulse_ms   node: for how long
# detail     node: the detail in the ack; none: not of interest here
#
# The node of these cases has two relays and no list; its own pulse is 500 ms and its longest 3000 ms, and it is held
# open for 12 hours at most.
"""


@dataclass(frozen=True, slots=True)
class Case:
    """One row; the names of the fields are the columns."""

    name: str
    receiver: str
    kind: str
    gate: str = GATE
    key: str = KEY
    challenge: str = "-"
    previous: str = "-"
    counter: str = "-"
    done: str = "-"
    state: str = "-"
    uptime: str = "-"
    boot: str = "-"
    seq: str = "-"
    line: bytes = b""
    verdict: str = ""
    relay: str = "-"
    pulse_ms: str = "-"
    detail: str = "-"

    def row(self) -> str:
        """Return the case as one line of the table."""
        values = (getattr(self, f.name) for f in fields(self))
        return "\t".join(escape(value) if isinstance(value, bytes) else value for value in values)


def escape(line: bytes) -> str:
    """Return ``line`` with all but printable ASCII, and the backslash, as \\xHH."""
    return "".join(chr(b) if 0x20 <= b <= 0x7E and b != 0x5C else f"\\x{b:02x}" for b in line)


def hmac_hex(key: str, message: bytes) -> str:
    """Return HMAC-SHA-256 in hex, as openssl computes it."""
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"hexkey:{key}", "-r"],
        input=message,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode("ascii").split()[0]


def derived(purpose: str, key: str = KEY) -> str:
    """Return the key of one purpose in hex: HKDF-Expand with one block."""
    return hmac_hex(key, f"facegate/1 {purpose}".encode("ascii") + b"\x01")


COMMAND_KEYS = {slot: derived(f"command {slot} {GATE}") for slot in range(6)}
NODE_KEY = derived(f"node {GATE}")


def signed(body: str, key: str) -> bytes:
    """Return ``body`` with its MAC."""
    raw = body.encode("latin-1")
    return raw + b" " + hmac_hex(key, raw).encode("ascii")


def command_body(
    *,
    gate: str = GATE,
    slot: object = 1,
    opening: str = ID,
    challenge: str = CURRENT,
    counter: object = 7,
    not_after: object = SOON,
    verb: str = "open",
    subject: str = "1",
    value: str = "0",
) -> str:
    """Return a command without its MAC; what is not named is right."""
    return f"fg1 command {gate} {slot} {opening} {challenge} {counter} {not_after} {verb} {subject} {value}"


def command(key: str = "", **changed: object) -> bytes:
    """Return a command under the key of the slot that it names, or under ``key``."""
    slot = changed.get("slot", 1)
    chosen = key or COMMAND_KEYS.get(slot if isinstance(slot, int) else 1, COMMAND_KEYS[1])
    return signed(command_body(**changed), chosen)  # type: ignore[arg-type]  # the names are command_body's


def command_of_size(size: int) -> bytes:
    """Return a well-formed and well signed command of ``size`` bytes."""
    padding = size - len(command(subject="a" * 300, value=""))
    return command(subject="a" * 300, value="b" * padding)


def at_node(name: str, line: bytes, verdict: str, **state: str) -> Case:
    """A command arrives at a node that has used counter 5 of slot 1 under the current challenge."""
    usual = {
        "challenge": CURRENT,
        "previous": PREVIOUS,
        "counter": "5",
        "state": "closed",
        "uptime": str(UPTIME),
    }
    return Case(name=name, receiver="node", kind="command", line=line, verdict=verdict, **{**usual, **state})


def opened(name: str, line: bytes, relay: int = 1, pulse_ms: int = 500, **state: str) -> Case:
    """A command that moves a relay."""
    return at_node(name, line, "opened", relay=str(relay), pulse_ms=str(pulse_ms), **state)


def done(name: str, verb: str, subject: str, value: str, detail: str, **state: str) -> Case:
    """A command that does its work without opening for anybody."""
    line = command(verb=verb, subject=subject, value=value)
    return at_node(name, line, "done", detail=detail, **state)


def wrong(name: str, verb: str, subject: str, value: str, detail: str, **state: str) -> Case:
    """A command whose argument ``detail`` is wrong."""
    line = command(verb=verb, subject=subject, value=value)
    return at_node(name, line, "argument", detail=detail, **state)


def verb_cases() -> list[Case]:
    """What the verbs beside ``open`` may be asked."""
    card = digest("card", "04a224b2c15e80")
    pin = digest("pin", "271828")
    always = card + "31" + "00" * 12
    windowed = pin + "12" + "1f" + "1e0438" + "00000000" + "7fffffff"
    guard = command(verb="guard")
    return [
        # guard
        opened("guard", guard),
        opened("guard in a lockdown", guard, state="lockdown"),
        opened("guard at the exit, for a time of its own", command(verb="guard", subject="2", value="700"), 2, 700),
        at_node("guard while it opens", guard, "busy", state="open"),
        at_node("guard in a fire", guard, "mode", state="fire", detail="fire"),
        at_node("guard in a fire that is over", guard, "mode", state="quiet", detail="fire"),
        at_node("guard while it is held open", guard, "mode", state="free", detail="free"),
        wrong("guard: relay 3", "guard", "3", "0", "subject"),
        wrong("guard: no pulse", "guard", "1", "-", "value"),
        # open in the modes
        at_node("open in a lockdown", command(), "mode", state="lockdown", detail="lockdown"),
        at_node("open while it is held open", command(), "mode", state="free", detail="free"),
        at_node("open in a fire that is over", command(), "mode", state="quiet", detail="fire"),
        at_node("argument before lockdown", command(subject="9"), "argument", state="lockdown", detail="subject"),
        # mode
        done("mode normal", "mode", "normal", "0", "0"),
        done("mode lockdown", "mode", "lockdown", "0", "0"),
        done("mode normal ends a lockdown", "mode", "normal", "0", "0", state="lockdown"),
        done("mode free", "mode", "free", "600", "600"),
        done("mode free for the longest time", "mode", "free", "43200", "43200"),
        done("mode free is cut", "mode", "free", "43201", "43200"),
        done("mode free for the greatest number", "mode", "free", "4294967295", "43200"),
        done("mode during a fire", "mode", "lockdown", "0", "0", state="fire"),
        done("mode while it opens", "mode", "lockdown", "0", "0", state="open"),
        wrong("mode free for ever", "mode", "free", "0", "value"),
        wrong("mode free without a time", "mode", "free", "-", "value"),
        wrong("mode normal with a time", "mode", "normal", "1", "value"),
        wrong("mode lockdown with a time", "mode", "lockdown", "60", "value"),
        wrong("mode free beyond 32 bits", "mode", "free", "4294967296", "value"),
        wrong("an unknown mode", "mode", "night", "0", "subject"),
        wrong("a mode in upper case", "mode", "FREE", "60", "subject"),
        # hint
        done("hint", "hint", "granted", "0", "-"),
        done("hint for the longest time", "hint", "challenge_left", "60000", "-"),
        done("hint in a fire", "hint", "wait", "500", "-", state="fire"),
        wrong("hint for too long", "hint", "closer", "60001", "value"),
        wrong("hint without a time", "hint", "closer", "-", "value"),
        wrong("an unknown hint", "hint", "dance", "0", "subject"),
        # time
        done("time", "time", "1790000000", "0", "-"),
        done("time behind UTC", "time", "1790000000", "-300", "-"),
        done("time with the next change", "time", "1790000000", "120:1792890000:60", "-"),
        done("time at its furthest", "time", "4294967295", "-1439:4294967295:1439", "-"),
        wrong("time at the beginning", "time", "0", "0", "subject"),
        wrong("time beyond 32 bits", "time", "4294967296", "0", "subject"),
        wrong("time before the beginning", "time", "-1", "0", "subject"),
        wrong("an offset of a day", "time", "1790000000", "1440", "value"),
        wrong("an offset of minus nothing", "time", "1790000000", "-0", "value"),
        wrong("an offset with a leading zero", "time", "1790000000", "060", "value"),
        wrong("an offset with a plus", "time", "1790000000", "+60", "value"),
        wrong("no offset", "time", "1790000000", "-", "value"),
        wrong("a change to nothing", "time", "1790000000", "60:1792890000", "value"),
        wrong("a change that is empty", "time", "1790000000", "60:1792890000:", "value"),
        wrong("a change at the beginning", "time", "1790000000", "60:0:120", "value"),
        wrong("a change too many", "time", "1790000000", "60:1:120:1", "value"),
        # list
        done("list of one card", "list", "1:0:1:0", always, "committed"),
        done("list of a card and a PIN", "list", "7:0:1:1790000000", always + windowed, "committed"),
        done("list of nobody", "list", "1:0:1:0", "-", "committed"),
        done("list, the first of many chunks", "list", "1:0:112:0", always * 9, "stored"),
        wrong("list, not the first chunk", "list", "1:1:2:0", always, "chunk"),
        wrong("list, a chunk beyond the last", "list", "1:2:2:0", always, "subject"),
        wrong("list of no chunks", "list", "1:0:0:0", always, "subject"),
        wrong("list of too many chunks", "list", "1:0:113:0", always, "subject"),
        wrong("list of version 0", "list", "0:0:1:0", always, "subject"),
        wrong("list beyond 32 bits", "list", "4294967296:0:1:0", always, "subject"),
        wrong("list without an expiry", "list", "1:0:1", always, "subject"),
        wrong("list with a number too many", "list", "1:0:1:0:0", always, "subject"),
        wrong("list with a leading zero", "list", "01:0:1:0", always, "subject"),
        wrong("list cut in an entry", "list", "1:0:1:0", always[:-2], "value"),
        wrong("list cut in a byte", "list", "1:0:1:0", always[:-1], "value"),
        wrong("list in upper case", "list", "1:0:1:0", "AB" * 8 + always[16:], "value"),
        wrong("list of an unknown kind", "list", "1:0:1:0", card + "33" + "00" * 12, "value"),
        wrong("list of no kind", "list", "1:0:1:0", card + "30" + "00" * 12, "value"),
        wrong("list for no relay", "list", "1:0:1:0", card + "01" + "00" * 12, "value"),
        wrong("list for a third relay", "list", "1:0:1:0", card + "41" + "00" * 12, "value"),
        wrong("list with an eighth weekday", "list", "1:0:1:0", card + "31" + "80" + "000001" + "00" * 8, "value"),
        wrong("list with minutes of no day", "list", "1:0:1:0", card + "31" + "00" + "000001" + "00" * 8, "value"),
        wrong("list with an empty window", "list", "1:0:1:0", card + "31" + "01" + "001001" + "00" * 8, "value"),
        wrong("list with a minute too many", "list", "1:0:1:0", card + "31" + "01" + "0005a1" + "00" * 8, "value"),
        wrong("list with a window from tomorrow", "list", "1:0:1:0", card + "31" + "01" + "5a0000" + "00" * 8, "value"),
        # key, reset
        done("key", "key", "rotate", NONCE, "-"),
        wrong("key without a nonce", "key", "rotate", "-", "value"),
        wrong("key with a short nonce", "key", "rotate", NONCE[:-2], "value"),
        wrong("key with a nonce in upper case", "key", "rotate", NONCE.upper(), "value"),
        wrong("key to be told", "key", "set", NONCE, "subject"),
        at_node(
            "the next key before it is agreed on",
            command(derived(f"command 1 {GATE}", derived(f"rotate {NONCE} {GATE}"))),
            "mac",
        ),
        done("reset a fire that is over", "reset", "fire", "-", "-", state="quiet"),
        done("reset without a fire", "reset", "fire", "-", "-"),
        at_node(
            "reset a fire that burns",
            command(verb="reset", subject="fire", value="-"),
            "mode",
            state="fire",
            detail="fire",
        ),
        wrong("reset something else", "reset", "mode", "-", "subject"),
        wrong("reset with a value", "reset", "fire", "0", "value"),
        # learn
        done("learn a card", "learn", "1", "30", "30"),
        done("learn a card on the other side, for the longest time", "learn", "2", "60", "60"),
        done("learn nothing any more", "learn", "1", "0", "0"),
        done("learn in a lockdown", "learn", "1", "1", "1", state="lockdown"),
        wrong("learn for too long", "learn", "1", "61", "value"),
        wrong("learn without a time", "learn", "1", "-", "value"),
        wrong("learn at a third reader", "learn", "3", "30", "subject"),
        wrong("learn at no reader", "learn", "0", "30", "subject"),
        # again; each node of this table is in its first boot, and has told nothing
        done("tell again, of nothing", "again", "1", "1", "0"),
        done("tell again what is still to come", "again", "1", "4294967295", "0"),
        wrong("tell again what was before a restart", "again", "2", "1", "subject"),
        wrong("tell again of no boot", "again", "-", "1", "subject"),
        wrong("tell again from nothing", "again", "1", "0", "value"),
        wrong("tell again without a number", "again", "1", "-", "value"),
        wrong("tell again of another boot, from nothing", "again", "2", "0", "value"),
    ]


def digest(kind: str, number: str) -> str:
    """Return the digest of a card or a PIN in hex."""
    return hmac_hex(derived(f"digest {GATE}"), f"{kind} {number}".encode("ascii"))[:16]


def node_cases() -> list[Case]:
    """What a gate node may be told."""
    good = command()
    body, _, mac = good.rpartition(b" ")
    flipped = mac[:-1] + (b"0" if mac[-1:] != b"0" else b"1")
    return [
        # What opens.
        opened("open entry", good),
        opened("open exit", command(subject="2"), relay=2),
        opened("open for a time of its own", command(value="700"), pulse_ms=700),
        opened("open for the longest time", command(value="3000"), pulse_ms=3000),
        opened("a longer pulse is cut", command(value="3001"), pulse_ms=3000),
        opened("the longest number is cut", command(value="4294967295"), pulse_ms=3000),
        opened("under the previous challenge", command(challenge=PREVIOUS, counter=1)),
        opened("the previous challenge has a counter of its own", command(challenge=PREVIOUS, counter=5)),
        opened("the next counter", command(counter=6)),
        opened("the greatest counter", command(counter=4294967295)),
        opened("the first counter", command(counter=1), counter="0"),
        opened("another slot has a counter of its own", command(slot=2, counter=1)),
        opened("the last slot", command(slot=4, counter=1)),
        opened("at the last moment", command(not_after=UPTIME)),
        opened("not-after at its furthest", command(not_after=UPTIME + 10_000)),
        opened("in the node's first moment", command(not_after=2_000), uptime="0", previous="-", counter="0"),
        opened("another slot finished the same id", command(slot=2, counter=1), done=f"1:{ID}=opened"),
        # size
        at_node("empty", b"", "size"),
        at_node("one byte too long", command_of_size(641), "size"),
        at_node("far too long", command(value="0" * 2_000), "size"),
        at_node("as long as may be", command_of_size(640), "argument"),
        # format, before the MAC is looked at
        at_node("one word", b"fg1", "format"),
        at_node("one space", b" ", "format"),
        at_node("a byte beyond ASCII", signed(command_body(value="\xe9"), COMMAND_KEYS[1]), "format"),
        at_node("a NUL at the end", good + b"\x00", "format"),
        at_node("a NUL inside", body[:20] + b"\x00" + body[20:] + b" " + mac, "format"),
        at_node("a newline at the end", good + b"\n", "format"),
        at_node("a carriage return at the end", good + b"\r", "format"),
        at_node("a tab for a space", good.replace(b" ", b"\t", 1), "format"),
        at_node("a DEL", signed(command_body(value="\x7f"), COMMAND_KEYS[1]), "format"),
        at_node("a space in front", b" " + good, "format"),
        at_node("a space at the end", good + b" ", "format"),
        at_node("a double space", good.replace(b" open ", b"  open "), "format"),
        at_node("a double space, signed", signed(command_body(verb=" open"), COMMAND_KEYS[1]), "format"),
        at_node("a MAC in upper case", body + b" " + mac.upper(), "format"),
        at_node("a MAC one digit short", good[:-1], "format"),
        at_node("a MAC one digit long", good + b"0", "format"),
        at_node("a MAC that is no hex", body + b" " + mac[:-1] + b"g", "format"),
        at_node("cut before the MAC", body, "format"),
        at_node("cut in the middle", good[: len(good) // 2], "format"),
        at_node("a field missing", signed(command_body().rpartition(" ")[0], COMMAND_KEYS[1]), "format"),
        at_node("a field too many", signed(command_body() + " 0", COMMAND_KEYS[1]), "format"),
        # version, kind, gate, slot
        at_node("the next version", signed(command_body().replace("fg1", "fg2"), COMMAND_KEYS[1]), "version"),
        at_node("the version in upper case", signed(command_body().replace("fg1", "FG1"), COMMAND_KEYS[1]), "version"),
        at_node("a longer version", signed(command_body().replace("fg1", "fg10"), COMMAND_KEYS[1]), "version"),
        at_node("another kind", signed(command_body().replace("command", "demand"), COMMAND_KEYS[1]), "kind"),
        at_node("a kind in upper case", signed(command_body().replace("command", "COMMAND"), COMMAND_KEYS[1]), "kind"),
        at_node("its own hello comes back", hello(), "kind"),
        at_node("its own ack comes back", ack(), "kind"),
        at_node("another gate's command", gate_swapped(), "gate"),
        at_node("another gate's name under this key", command(gate=OTHER_GATE), "gate"),
        at_node("the gate in upper case", command(gate="NORTH-1"), "gate"),
        at_node("slot 0", command(slot=0), "slot"),
        at_node("slot 5", command(slot=5), "slot"),
        at_node("a slot that is no number", command(slot="x"), "format"),
        at_node("a slot with a leading zero", command(slot="01"), "format"),
        at_node("a slot below zero", command(slot="-1"), "format"),
        at_node("a slot beyond 32 bits", command(slot="4294967296"), "format"),
        # mac
        at_node("another gate's key", command(derived(f"command 1 {GATE}", OTHER_KEY)), "mac"),
        at_node("the key of another slot", command(COMMAND_KEYS[2]), "mac"),
        at_node("slot 2 under the key of slot 1", command(COMMAND_KEYS[1], slot=2), "mac"),
        at_node("the wrong direction: a command under the node's key", command(NODE_KEY), "mac"),
        at_node("the gate's key itself", command(KEY), "mac"),
        at_node("the key of this slot at another gate", command(derived(f"command 1 {OTHER_GATE}")), "mac"),
        at_node("one digit of the MAC changed", body + b" " + flipped, "mac"),
        at_node("the relay changed under the MAC", good.replace(b" open 1 0 ", b" open 2 0 "), "mac"),
        at_node("the counter changed under the MAC", good.replace(b" 7 1002000 ", b" 8 1002000 "), "mac"),
        at_node("a MAC of zeros", body + b" " + b"0" * 64, "mac"),
        at_node("an unsigned malformed id", signed(command_body(opening="x"), OTHER_KEY), "mac"),
        # format, behind a good MAC: no ack and no counter used
        at_node("an id too short", command(opening=ID[:-1]), "format"),
        at_node("an id too long", command(opening=ID + "0"), "format"),
        at_node("an id in upper case", command(opening=ID.upper()), "format"),
        at_node("a challenge too short", command(challenge=CURRENT[:-1]), "format"),
        at_node("a challenge in upper case", command(challenge=CURRENT.upper()), "format"),
        at_node("counter 0", command(counter=0), "format"),
        at_node("a counter with a leading zero", command(counter="07"), "format"),
        at_node("a counter with a sign", command(counter="+7"), "format"),
        at_node("a counter beyond 32 bits", command(counter=4294967296), "format"),
        at_node("a counter that is no number", command(counter="0x7"), "format"),
        at_node("not-after with a leading zero", command(not_after="01002000"), "format"),
        at_node("not-after with sixteen digits", command(not_after="1000000000000000"), "format"),
        at_node("not-after below zero", command(not_after="-1"), "format"),
        at_node("a verb in upper case", command(verb="OPEN"), "format"),
        at_node("a verb with 25 letters", command(verb="o" * 25), "format"),
        at_node("a verb with a dash", command(verb="op-en"), "format"),
        at_node("a subject with a strange character", command(subject="*"), "format"),
        at_node("a value with a strange character", command(value="0~"), "format"),
        at_node("a value with a backslash", command(value="\\"), "format"),
        at_node("a subject with 401 characters", command(subject="a" * 401), "format"),
        # stale
        at_node("an unknown challenge", command(challenge="f" * 32), "stale"),
        at_node("a dead challenge", command(challenge=DEAD), "stale"),
        at_node("after a reconnect", good, "stale", challenge="-", previous="-", counter="0"),
        at_node("the previous challenge has died", command(challenge=PREVIOUS), "stale", previous="-"),
        at_node("a challenge of zeros", command(challenge="0" * 32), "stale", previous="-"),
        # counter
        at_node("the same counter again", command(counter=5), "counter"),
        at_node("a smaller counter", command(counter=4), "counter"),
        at_node("after the greatest counter", good, "counter", counter="4294967295"),
        # late and too early
        at_node("one millisecond late", command(not_after=UPTIME - 1), "late"),
        at_node("long late", command(not_after=0), "late"),
        at_node("not-after too far ahead", command(not_after=UPTIME + 10_001), "argument"),
        at_node("not-after at the end of time", command(not_after="999999999999999"), "argument"),
        # verb, argument, mode, busy
        at_node("a verb of a later version", command(verb="lift"), "verb"),
        at_node("a verb with 24 letters", command(verb="o" * 24), "verb"),
        at_node("no relay", command(subject="-"), "argument"),
        at_node("relay 0", command(subject="0"), "argument"),
        at_node("relay 3", command(subject="3"), "argument"),
        at_node("relay 01", command(subject="01"), "argument"),
        at_node("both relays", command(subject="12"), "argument"),
        at_node("a relay by name", command(subject="entry"), "argument"),
        at_node("no pulse", command(value="-"), "argument"),
        at_node("a pulse below zero", command(value="-5"), "argument"),
        at_node("a pulse with a leading zero", command(value="0700"), "argument"),
        at_node("a pulse with a fraction", command(value="0.5"), "argument"),
        at_node("a pulse beyond 32 bits", command(value="4294967296"), "argument"),
        at_node("while the fire contact holds it open", good, "mode", state="fire"),
        at_node("while it opens", good, "busy", state="open"),
        # Which reason comes first where there are several.
        at_node("stale before counter", command(challenge=DEAD, counter=1), "stale"),
        at_node("counter before late", command(counter=5, not_after=0), "counter"),
        at_node("late before verb", command(not_after=0, verb="lift"), "late"),
        at_node("verb before too far ahead", command(not_after=UPTIME + 60_000, verb="lift"), "verb"),
        at_node("verb before argument", command(verb="lift", subject="9"), "verb"),
        at_node("argument before mode", command(subject="9"), "argument", state="fire"),
        at_node("argument before busy", command(value="x"), "argument", state="open"),
        at_node("late before busy", command(not_after=0), "late", state="open"),
        at_node("version before gate", gate_swapped().replace(b"fg1", b"fg2"), "version"),
        at_node("gate before slot", command(gate=OTHER_GATE, slot=9), "gate"),
        # The same id again: the same answer, and no second pulse.
        at_node("an exact replay", command(counter=5), "opened", done=f"1:{ID}=opened"),
        at_node("the same id with the next counter", good, "opened", done=f"1:{ID}=opened"),
        at_node("the same id, late", command(not_after=0), "opened", done=f"1:{ID}=opened"),
        at_node("the same id under a dead challenge", command(challenge=DEAD), "opened", done=f"1:{ID}=opened"),
        at_node("the same id while it opens", good, "opened", done=f"1:{ID}=opened", state="open"),
        at_node("the same id with another relay", command(subject="2"), "opened", done=f"1:{ID}=opened"),
        at_node("the same id during a fire", good, "opened", done=f"1:{ID}=opened", state="fire"),
        at_node("an id that was refused for good", good, "argument", done=f"1:{ID}=argument"),
        at_node("an id that was late", good, "late", done=f"1:{ID}=late"),
        at_node("a forged line with a finished id", command(OTHER_KEY), "mac", done=f"1:{ID}=opened"),
        opened("another id than the finished one", good, done="1:00c0ffee5eed0002=opened"),
    ]


def hello(
    key: str = NODE_KEY,
    *,
    gate: str = GATE,
    boot: object = 12,
    seq: object = 40,
    uptime: object = UPTIME,
    challenge: str = CURRENT,
    mode: str = "normal",
    state: str = "closed",
    refused: object = 0,
    list_version: object = 0,
) -> bytes:
    """Return a hello; what is not named is right."""
    return signed(f"fg1 hello {gate} {boot} {seq} {uptime} {challenge} {mode} {state} {refused} {list_version}", key)


def ack(
    key: str = NODE_KEY,
    *,
    gate: str = GATE,
    boot: object = 12,
    seq: object = 40,
    uptime: object = UPTIME,
    slot: object = 1,
    opening: str = ID,
    result: str = "opened",
    detail: str = "500",
) -> bytes:
    """Return an ack; what is not named is right."""
    return signed(f"fg1 ack {gate} {boot} {seq} {uptime} {slot} {opening} {result} {detail}", key)


def event(
    key: str = NODE_KEY,
    *,
    gate: str = GATE,
    boot: object = 12,
    seq: object = 40,
    uptime: object = UPTIME,
    kind: str = "passed",
    subject: str = "1",
    value: str = "-",
) -> bytes:
    """Return an event; what is not named is right."""
    return signed(f"fg1 event {gate} {boot} {seq} {uptime} {kind} {subject} {value}", key)


def gate_swapped() -> bytes:
    """A command that is right in every way, for another gate."""
    return signed(command_body(gate=OTHER_GATE), derived(f"command 1 {OTHER_GATE}", OTHER_KEY))


def at_recognizer(name: str, kind: str, line: bytes, verdict: str, boot: str = "12", seq: str = "39") -> Case:
    """A line arrives at a recognizer that has taken boot 12, sequence 39 of this kind before."""
    return Case(name=name, receiver="recognizer", kind=kind, line=line, verdict=verdict, boot=boot, seq=seq)


def recognizer_cases() -> list[Case]:
    """What a recognizer may be told."""
    makers = {"hello": hello, "ack": ack, "event": event}
    cases = []
    for kind, make in makers.items():
        good = make()
        body, _, mac = good.rpartition(b" ")
        many = str(2**32 - 1)
        cases += [
            at_recognizer(f"{kind}", kind, good, "ok"),
            at_recognizer(f"{kind}: the first ever", kind, good, "ok", boot="-", seq="-"),
            at_recognizer(f"{kind}: a gap in the sequence", kind, make(seq=4_000), "ok"),
            at_recognizer(f"{kind}: a new boot begins at 1", kind, make(boot=13, seq=1), "ok"),
            at_recognizer(
                f"{kind}: every number at its greatest", kind, make(boot=many, seq=many, uptime="9" * 15), "ok"
            ),
            at_recognizer(f"{kind}: every number at its least", kind, make(boot=0, seq=0, uptime=0), "ok", "-", "-"),
            at_recognizer(f"{kind}: a replay", kind, make(seq=39), "old"),
            at_recognizer(f"{kind}: an older one", kind, make(seq=12), "old"),
            at_recognizer(f"{kind}: an older boot", kind, make(boot=11, seq=4_000), "old"),
            at_recognizer(f"{kind}: forged and old", kind, make(OTHER_KEY, seq=39), "mac"),
            at_recognizer(f"{kind}: another gate's key", kind, make(derived(f"node {GATE}", OTHER_KEY)), "mac"),
            at_recognizer(f"{kind}: the wrong direction", kind, make(COMMAND_KEYS[1]), "mac"),
            at_recognizer(f"{kind}: the gate's key itself", kind, make(KEY), "mac"),
            at_recognizer(f"{kind}: the uptime changed", kind, good.replace(b" 1000000 ", b" 1000001 "), "mac"),
            at_recognizer(f"{kind}: another gate", kind, make(gate=OTHER_GATE), "gate"),
            at_recognizer(f"{kind}: a command on its topic", kind, command(), "kind"),
            at_recognizer(
                f"{kind}: the next version", kind, signed(body.decode().replace("fg1", "fg2"), NODE_KEY), "version"
            ),
            at_recognizer(f"{kind}: empty", kind, b"", "size"),
            at_recognizer(f"{kind}: far too long", kind, signed(body.decode() + "0" * 600, NODE_KEY), "size"),
            at_recognizer(f"{kind}: a newline at the end", kind, good + b"\n", "format"),
            at_recognizer(f"{kind}: a byte beyond ASCII", kind, body[:-1] + b"\xff " + mac, "format"),
            at_recognizer(f"{kind}: a double space", kind, good.replace(b" 12 ", b"  12 "), "format"),
            at_recognizer(f"{kind}: a MAC in upper case", kind, body + b" " + mac.upper(), "format"),
            at_recognizer(f"{kind}: cut before the MAC", kind, body, "format"),
            at_recognizer(
                f"{kind}: a field missing", kind, signed(body.decode().rpartition(" ")[0], NODE_KEY), "format"
            ),
            at_recognizer(f"{kind}: a field too many", kind, signed(body.decode() + " 1", NODE_KEY), "format"),
            at_recognizer(f"{kind}: a boot with a leading zero", kind, make(boot="012"), "format"),
            at_recognizer(f"{kind}: a boot beyond 32 bits", kind, make(boot=2**32), "format"),
            at_recognizer(f"{kind}: a sequence below zero", kind, make(seq="-1"), "format"),
            at_recognizer(f"{kind}: a sequence beyond 32 bits", kind, make(seq=2**32), "format"),
            at_recognizer(f"{kind}: an uptime with sixteen digits", kind, make(uptime="1" * 16), "format"),
        ]
    return [
        *cases,
        at_recognizer("hello: an ack on its topic", "hello", ack(), "kind"),
        at_recognizer("hello: a short challenge", "hello", hello(challenge=CURRENT[:-1]), "format"),
        at_recognizer("hello: a challenge in upper case", "hello", hello(challenge=CURRENT.upper()), "format"),
        at_recognizer("hello: an unknown mode", "hello", hello(mode="night"), "ok"),
        at_recognizer("hello: a mode in upper case", "hello", hello(mode="Normal"), "format"),
        at_recognizer("hello: an unknown state", "hello", hello(state="half_open"), "ok"),
        at_recognizer("hello: a state with a dash", "hello", hello(state="half-open"), "format"),
        at_recognizer("hello: a count that is no number", "hello", hello(refused="x"), "format"),
        at_recognizer("hello: a list version beyond 32 bits", "hello", hello(list_version=2**32), "format"),
        at_recognizer("ack: an event on its topic", "ack", event(), "kind"),
        at_recognizer("ack: each result that no relay follows", "ack", ack(result="busy", detail="-"), "ok"),
        at_recognizer("ack: a result of a later version", "ack", ack(result="half_opened"), "ok"),
        at_recognizer("ack: a result in upper case", "ack", ack(result="OPENED"), "format"),
        at_recognizer("ack: a short id", "ack", ack(opening=ID[:-1]), "format"),
        at_recognizer("ack: an id in upper case", "ack", ack(opening=ID.upper()), "format"),
        at_recognizer("ack: a slot that is no number", "ack", ack(slot="one"), "format"),
        at_recognizer("ack: a detail with a strange character", "ack", ack(detail="a,b"), "format"),
        at_recognizer("event: a hello on its topic", "event", hello(), "kind"),
        at_recognizer("event: somebody asks to be recognised", "event", event(kind="press", subject="1"), "ok"),
        at_recognizer("event: a type of a later version", "event", event(kind="waved"), "ok"),
        at_recognizer("event: a type with a dash", "event", event(kind="not-passed"), "format"),
        at_recognizer("event: a subject with a strange character", "event", event(subject="a;b"), "format"),
        at_recognizer("event: a value with a space", "event", event(value="a b"), "format"),
    ]


def main() -> None:
    """Print the table."""
    cases = [*node_cases(), *verb_cases(), *recognizer_cases()]
    names = [case.name for case in cases]
    if len(set(names)) != len(names):
        sys.exit(f"two cases share a name: {sorted(n for n in names if names.count(n) > 1)}")
    sys.stdout.write(HEADER)
    sys.stdout.write("\t".join(f.name for f in fields(Case)) + "\n")
    sys.stdout.writelines(case.row() + "\n" for case in cases)


if __name__ == "__main__":
    main()
