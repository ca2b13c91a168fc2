"""Checks a running cluster through pylibmc, over the binary protocol: pylibmc-check.py SEES_AT_ONCE PORT PORT PORT"""

import sys
import time

import pylibmc

SOON_S = 60

sees_at_once = sys.argv[1] == "yes"
ports = [int(word) for word in sys.argv[2:]]
behaviors = {"cas": True, "tcp_nodelay": True, "receive_timeout": 5_000_000}
clients = [pylibmc.Client([f"127.0.0.1:{port}"], binary=True, behaviors=behaviors) for port in ports]


def same(expected, actual):
    assert actual == expected, f"{actual!r} instead of {expected!r}"


def seen_by_all(key, expected):
    deadline = time.monotonic() + SOON_S
    for client in clients:
        while not sees_at_once and client.get(key) != expected and time.monotonic() < deadline:
            time.sleep(0.01)
        same(expected, client.get(key))


def not_found(call, *words):
    try:
        call(*words)
    except pylibmc.NotFound:
        return True
    return False


def single_keys():
    first, second, third = clients
    for value in (b"bytes", "text", 42, {"a": ["list"]}, "x" * 300_000):
        assert first.set("key", value)
        seen_by_all("key", value)
    assert second.add("key", "other") is False
    assert third.replace("key", "replaced")
    seen_by_all("key", "replaced")
    assert not_found(second.replace, "missing", "x")
    assert first.append("key", "!")
    seen_by_all("key", "replaced!")
    assert second.prepend("key", ">")
    seen_by_all("key", ">replaced!")
    assert third.delete("key")
    seen_by_all("key", None)
    assert first.delete("key") is False


def many_keys():
    values = {f"many-{at}": bytes([at]) * (at + 1) for at in range(100)}
    same([], clients[0].set_multi(values))
    for key, value in values.items():
        seen_by_all(key, value)
    same(values, clients[1].get_multi([*values, "missing"]))
    assert clients[2].delete_multi(list(values))
    for key in values:
        seen_by_all(key, None)


def conditions():
    first, second, third = clients
    first.set("token", "one")
    seen_by_all("token", "one")
    value, token = first.gets("token")
    same("one", value)
    assert second.cas("token", "two", token) is True
    seen_by_all("token", "two")
    assert third.cas("token", "three", token) is False
    same((None, None), third.gets("missing"))


def numbers_and_times():
    first, second, third = clients
    first.set("number", 41)
    seen_by_all("number", 41)
    same(42, second.incr("number"))
    seen_by_all("number", 42)
    same(40, third.decr("number", 2))
    seen_by_all("number", 40)
    assert first.touch("number", 100)
    assert first.touch("missing", 100) is False
    assert not_found(first.incr, "missing")
    first.set("soon-gone", "x", time=1)
    deadline = time.monotonic() + SOON_S
    while first.get("soon-gone") is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    seen_by_all("soon-gone", None)


def ring():
    spread = pylibmc.Client([f"127.0.0.1:{port}" for port in ports], binary=True)
    for at in range(30):
        assert spread.set(f"ring-{at}", at)
    for at in range(30):
        seen_by_all(f"ring-{at}", at)


def about_the_server():
    [(_, stats)] = clients[0].get_stats()
    assert int(stats["cmd_set"]) > 0
    assert clients[0].flush_all()
    seen_by_all("number", None)


for check in (single_keys, many_keys, conditions, numbers_and_times, ring, about_the_server):
    check()
print("all well")
