"""Who waits for whom where few threads serve many: what one owner's slow keys can and cannot hold up."""

from __future__ import annotations

import threading

import pytest

from countermark_node.turns import Turn, Turns


class Served:
    """Notes who is served and holds those that are named until they are let go."""

    def __init__(self, *held: str) -> None:
        self.begun: list[str] = []
        self.at_once: dict[str, int] = {}
        self.most = 0
        self.more: set[str] = set()
        self._guard = threading.Condition()
        self._held = set(held)

    def __call__(self, key: str) -> bool:
        with self._guard:
            self.begun.append(key)
            self.at_once[key] = self.at_once.get(key, 0) + 1
            self.most = max(self.most, self.at_once[key])
            self._guard.notify_all()
            self._guard.wait_for(lambda: key not in self._held, 30)
            self.at_once[key] -= 1
            return key in self.more

    def let_go(self, *keys: str) -> None:
        with self._guard:
            self._held -= set(keys)
            self._guard.notify_all()

    def reached(self, count: int) -> bool:
        with self._guard:
            return self._guard.wait_for(lambda: len(self.begun) >= count, 30)


def of(owner: str, *keys: str) -> list[Turn]:
    return [Turn(owner, key) for key in keys]


def test_owner_whose_keys_are_all_slow_holds_its_share_and_others_are_served() -> None:
    serve = Served(*"abcdef")
    turns = Turns(serve, threads=4, share=3)
    greedy = of("greedy", *"abcdef")
    turns.offer(greedy)
    assert serve.reached(3)
    turns.offer([*greedy, *of("other", "x", "y")])
    assert serve.reached(5)
    assert serve.begun[3:] == ["x", "y"]
    assert not turns.wait(0)
    serve.let_go(*"abcdef")
    assert turns.wait(30)
    assert set(serve.begun) == {*"abcdef", "x", "y"}
    assert serve.most == 1


def test_key_under_way_gets_no_second_thread_however_often_it_is_offered() -> None:
    serve = Served("a")
    turns = Turns(serve, threads=4, share=4)
    for _ in range(5):
        turns.offer(of("one", "a"))
    assert serve.reached(1)
    serve.let_go("a")
    assert turns.wait(30)
    assert serve.most == 1


def test_next_is_the_owner_and_the_key_that_waited_longest() -> None:
    serve = Served("a1")
    turns = Turns(serve, threads=1, share=1)
    turns.offer(of("a", "a1"))
    assert serve.reached(1)
    # b had no turn yet and a has: b comes first, then of a the keys that had none.
    turns.offer([*of("a", "a1", "a2", "a3"), *of("b", "b1", "b2")])
    serve.let_go("a1")
    assert turns.wait(30)
    assert serve.begun == ["a1", "b1", "a2", "b2", "a3", "a1"]


def test_key_with_more_to_do_is_asked_for_again_and_can_be_served_then() -> None:
    serve = Served()
    serve.more = {"a"}
    asked = threading.Event()
    turns = Turns(serve, threads=1, share=1, more=asked.set)
    turns.offer(of("one", "a"))
    assert asked.wait(30)
    serve.more = set()
    asked.clear()
    turns.offer(of("one", "a"))
    assert turns.wait(30)
    assert serve.begun == ["a", "a"]
    assert not asked.is_set()


def test_nothing_begins_after_the_end() -> None:
    serve = Served("a")
    turns = Turns(serve, threads=1, share=1)
    turns.offer(of("one", "a", "b"))
    assert serve.reached(1)
    turns.end()
    turns.offer(of("two", "c"))
    serve.let_go("a")
    assert turns.wait(30)
    assert serve.begun == ["a"]
    assert turns.ending


def test_turn_that_ends_in_an_unforeseen_error_keeps_no_thread_and_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    tries: list[str] = []
    broken = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda _error: broken.set())

    def serve(key: str) -> bool:
        tries.append(key)
        if len(tries) == 1:
            raise KeyError(key)
        return False

    turns = Turns(serve, threads=1, share=1)
    turns.offer(of("one", "a"))
    assert broken.wait(30)
    turns.offer(of("one", "a"))
    assert turns.wait(30)
    assert tries == ["a", "a"]
