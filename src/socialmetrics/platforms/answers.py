"""How an answer is read: field by field with its JSON path, and kept by an allow-list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any, NoReturn

from socialmetrics.errors import Unexpected

LARGEST = 2**63 - 1
LONGEST = 19  # digits of it
_FIELD = re.compile(r"[A-Za-z][A-Za-z_]{0,39}")
Tree = dict[str, "Tree"]
_SCALARS = (str, int, float, bool)


class Node:
    """One place in a JSON answer. Every reading either gives a value of the right kind or raises Unexpected."""

    __slots__ = ("_parent", "_step", "value")

    def __init__(self, value: Any, parent: Node | None = None, step: str = "$") -> None:
        self.value, self._parent, self._step = value, parent, step

    @property
    def path(self) -> str:
        """The JSON path, put together only where somebody asks."""
        return self._parent.path + self._step if self._parent else self._step

    def get(self, key: str) -> Node | None:
        """A member, None where it is absent or null."""
        if not isinstance(self.value, dict):
            self._refuse("an object")
        value = self.value.get(key)
        return None if value is None else Node(value, self, f".{key}")

    def __getitem__(self, key: str) -> Node:
        return self.get(key) or self._refuse(f"a member {key!r}")

    def items(self, key: str) -> Iterator[Node]:
        """The elements of a list member; none where it is absent."""
        node = self.get(key)
        if node is None:
            return
        if not isinstance(node.value, list):
            node._refuse("a list")
        for index, value in enumerate(node.value):
            yield Node(value, node, f"[{index}]")

    def text(self) -> str:
        """A text that is not empty and can be stored (half a surrogate pair cannot)."""
        if not isinstance(self.value, str) or not self.value or not _is_storable(self.value):
            self._refuse("a text")
        return self.value

    def identifier(self) -> str:
        """A stable id: a text, or a whole number as some answers spell it."""
        if isinstance(self.value, int) and not isinstance(self.value, bool):
            return str(self.value)
        return self.text()

    def count(self) -> int:
        """A count from 0 to 2^63 - 1, as a number or as decimal digits."""
        value = self.value
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= LONGEST:
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST:
            self._refuse("a count")
        return value

    def counts(self, spelled: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, int | None]]:
        """Each name with the count under the first of its spellings that has one; None where none has."""
        if not isinstance(self.value, dict):
            self._refuse("an object")
        for name, keys in spelled.items():
            for key in keys:
                value = self.value.get(key)
                if value is not None:
                    is_plain = type(value) is int and 0 <= value <= LARGEST
                    yield name, value if is_plain else Node(value, self, f".{key}").count()
                    break
            else:
                yield name, None

    def instant(self) -> datetime:
        """An ISO 8601 instant with an offset, as UTC."""
        try:
            instant = datetime.fromisoformat(self.text())
            if instant.tzinfo is None:
                self._refuse("an instant with an offset")
            return instant.astimezone(UTC)
        except (ValueError, OverflowError):
            self._refuse("an instant")

    def _refuse(self, wanted: str) -> NoReturn:
        raise Unexpected(
            f"The answer has no {wanted.removeprefix('a ').removeprefix('an ')} at {self.path}.", self.path
        )


def kept(body: Any, paths: frozenset[str]) -> Any:
    """The allow-listed fields of an answer, as `items.id` (lists are walked through); of the rest only the shape."""
    return _kept(body, _tree(paths))


def shape(body: Any) -> Any:
    """Keys and types alone, for an answer that was not understood; a long list is told by its first elements.

    A key that is no field's name, as in a map by person, stands as `*`.
    """
    if isinstance(body, dict):
        named = list(body.items())[:50]
        return {key if _FIELD.fullmatch(key) else "*": shape(value) for key, value in named}
    if isinstance(body, list):
        return [shape(value) for value in body[:3]]
    return type(body).__name__


def _is_storable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@cache
def _tree(paths: frozenset[str]) -> Tree:
    tree: Tree = {}
    for path in paths:
        node = tree
        for part in path.split("."):
            node = node.setdefault(part, {})
    return tree


def _kept(value: Any, tree: Tree) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [_kept(element, tree) for element in value]
    if isinstance(value, dict) and tree:
        return {
            key: member if type(member) in _SCALARS and not tree[key] else _kept(member, tree[key])
            for key, member in value.items()
            if key in tree
        }
    return shape(value) if tree or isinstance(value, dict) else value
