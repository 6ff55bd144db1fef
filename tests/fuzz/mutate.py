"""Wrong bytes of every kind, by seed: documented payloads bent in their structure, and noise.

The same seed gives the same sequence on every machine. Values that no encoder would write (numbers without end, half
surrogates, keys given twice, broken UTF-8) go into the tree as raw bytes.
"""

import random
from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Raw

DEEPEST = 100_000
RARE = 0.002
LARGEST = 1024 * 1024  # bytes; the web application reads no more of a delivery
_NUMBERS = (
    *(b"0", b"-0", b"-1", b"1e999", b"-1e999", b"1e-999", b"9007199254740993", b"9223372036854775808"),
    *(b"18446744073709551616", b"9" * 400, b"1." + b"3" * 400, b"NaN", b"Infinity", b"00", b"+1", b"0x10", b"1_0"),
)
_STRINGS = (
    *(b'""', b'"\\u0000"', b'"\\ud800"', b'"\\udc00\\ud800"', b'"\xff\xfe"', b'"\xc0\xaf"', b'"\x00"', b'"\n"'),
    *(b'"..%2f..%2f"', b'"\xe2\x80\xae\xf0\x9f\x91\xa9"', b'"\\u00"', b'"' + b"a" * 3_000 + b'"', b'"' + b"\\n" * 300),
    *(b'"\xed\xa0\x80"', b'"a\\u0000b"', b'" "', b'"null"', b'"' + "é".encode() * 300 + b'"'),
)
_MOMENTS = (
    *(b'"0000-00-00T00:00:00Z"', b'"0001-01-01T00:00:00+23:59"', b'"9999-12-31T23:59:59.999999-23:59"'),
    *(b'"2026-01-01T00:00:00"', b'"2026-01-01"', b'"2026-02-30T00:00:00Z"', b'"2026-01-01T23:59:60Z"'),
    *(b"1767225600", b"1e18", b"-62135596801", b'"2026-01-01T00:00:00.1234567890123Z"', b'"now"'),
)
_OTHERS = (b"null", b"true", b"[]", b"{}", b"[[]]", b"[null]", b'[{"id":1}]', b"tru", b"", b",", b"[1,]", b'{"":""}')
HOSTILE = tuple(map(Raw, (*_NUMBERS, *_STRINGS, *_MOMENTS, *_OTHERS)))
HEADER_VALUES = (
    *(
        "",
        " ",
        "0",
        "-1",
        "9" * 12,
        "9" * 400,
        "1e9",
        "\uff11\uff12\uff13",
        "\x00",
        "é",
        "\x80\xff",
        "v1=",
        "v1=zz",
        "v1=v1=" + "0" * 64,
    ),
    *("sha256=" + "f" * 64, "V1=" + "A" * 64, "null", "a" * 9000, ",,,", "t=1,v1=2", "t=,v1=", "=", "==", '"', "%s%n"),
    *("v1=" + "٣" * 64, "2026-01-01T00:00:00Z", "\t123", "123 ", "+123", "1_000", "0x10", "\ud800"),
)
_NOISE = b'{}[]",:\\ \n\x00\xff0eE-+.tfnu'
Tree = object


class Mutator:
    """Bends seeds. ``seeds`` are documented bodies; those that are no JSON are bent as bytes only."""

    def __init__(self, chance: random.Random, seeds: Sequence[bytes]) -> None:
        self._chance = chance
        self._seeds = tuple(seeds)
        self._trees = tuple(tree for seed in seeds if (tree := _tree(seed)) is not None)
        self._keys = sorted({key for tree in self._trees for key in _keys(tree)}) or ["id"]
        self._of_bytes: Sequence[Callable[[bytes], bytes]] = (
            *(self._flipped, self._cut, self._without, self._doubled, self._sprinkled, self._spliced),
            *(self._recoded, self._deep, self._padded),
        )

    def body(self) -> bytes:
        """One body: most are bent JSON, some are bent bytes, a few are as documented or pure noise."""
        chance = self._chance.random
        kind = chance()
        if kind < 0.04:
            return self._chance.choice(self._seeds)
        if kind < 0.08:
            return self._chance.randbytes(self._chance.randrange(200))
        body = self._bent_tree() if self._trees and kind < 0.78 else self._chance.choice(self._seeds)
        if kind >= 0.70:
            for _ in range(1 + int(chance() * 3)):
                body = self._chance.choice(self._of_bytes)(body)[:LARGEST]
        return body

    def headers(self, headers: Mapping[str, str]) -> dict[str, str]:
        """The headers, one or two of them bent, dropped or mixed up."""
        chance = self._chance
        bent = dict(headers)
        for _ in range(1 + chance.randrange(2)):
            name = chance.choice(sorted(bent)) if bent else "x-signature"
            match chance.randrange(6):
                case 0:
                    bent.pop(name, None)
                case 1 | 2:
                    bent[name] = chance.choice(HEADER_VALUES)
                case 3:
                    value = bent.get(name, "")
                    at = chance.randrange(len(value) + 1)
                    bent[name] = value[:at] + chr(chance.randrange(256)) + value[at + 1 :]
                case 4:
                    bent[name] = bent.get(name, "")[: chance.randrange(80)]
                case _:
                    bent[name] = bent.get(chance.choice(sorted(bent or ["-"])), "")
        return bent

    def _bent_tree(self) -> bytes:
        chance = self._chance
        tree = chance.choice(self._trees)
        for _ in range(1 + int(chance.random() ** 2 * 4)):
            tree = self._bend(tree)
        if chance.random() < RARE and isinstance(tree, dict):
            tree = {**tree, chance.choice(self._keys): "a" * chance.choice((70_000, LARGEST - 1_000))}
        return msgspec.json.encode(tree)

    def _bend(self, tree: Tree) -> Tree:
        """Copy on the way down, replace something at the end of the way."""
        chance = self._chance
        if isinstance(tree, dict) and tree and chance.random() < 0.9:
            return self._bend_mapping(tree)
        if isinstance(tree, list) and tree and chance.random() < 0.8:
            at = chance.randrange(len(tree))
            bent = self._bend(tree[at])
            return [*tree[:at], *([bent] * chance.choice((0, 1, 1, 1, 1, 1, 2, 40))), *tree[at + 1 :]]
        return chance.choice(HOSTILE) if chance.random() < 0.9 else [tree]

    def _bend_mapping(self, tree: Mapping[str, Tree]) -> Tree:
        chance = self._chance
        key = chance.choice(list(tree))
        kind = chance.random()
        if kind < 0.10:
            return {name: value for name, value in tree.items() if name != key}
        if kind < 0.18:
            return {**tree, chance.choice(self._keys): chance.choice(HOSTILE)}
        if kind < 0.24:
            return self._twice(tree, key)
        if kind < 0.28:
            return {(name.upper() if name == key else name): value for name, value in tree.items()}
        if kind < 0.32:
            return {**tree, key: tree[chance.choice(list(tree))]}
        return {**tree, key: self._bend(tree[key])}

    def _twice(self, tree: Mapping[str, Tree], key: str) -> Raw:
        members = [msgspec.json.encode({name: value})[1:-1] for name, value in tree.items()]
        members.append(msgspec.json.encode({key: self._chance.choice(HOSTILE)})[1:-1])
        return Raw(b"{" + b",".join(members) + b"}")

    def _flipped(self, body: bytes) -> bytes:
        bent = bytearray(body)
        for _ in range(1 + self._chance.randrange(4)):
            if bent:
                bent[self._chance.randrange(len(bent))] = self._chance.randrange(256)
        return bytes(bent)

    def _cut(self, body: bytes) -> bytes:
        return body[: self._chance.randrange(len(body) + 1)]

    def _without(self, body: bytes) -> bytes:
        at = self._chance.randrange(len(body) + 1)
        return body[:at] + body[at + 1 + self._chance.randrange(9) :]

    def _doubled(self, body: bytes) -> bytes:
        at, end = sorted((self._chance.randrange(len(body) + 1), self._chance.randrange(len(body) + 1)))
        return body[:end] + body[at:end] * self._chance.choice((1, 1, 1, 2, 20)) + body[end:]

    def _sprinkled(self, body: bytes) -> bytes:
        at = self._chance.randrange(len(body) + 1)
        return body[:at] + bytes(self._chance.choices(_NOISE, k=1 + self._chance.randrange(4))) + body[at:]

    def _spliced(self, body: bytes) -> bytes:
        other = self._chance.choice(self._seeds)
        at = self._chance.randrange(len(body) + 1)
        return body[:at] + other[self._chance.randrange(len(other) + 1) :]

    def _recoded(self, body: bytes) -> bytes:
        text = body.decode("latin-1")
        return self._chance.choice((text.encode("utf-16"), text.encode("utf-32"), b"\xef\xbb\xbf" + body, body[::-1]))

    def _deep(self, body: bytes) -> bytes:
        levels = self._chance.choice((40, 300, 1_200))
        if self._chance.random() < RARE:
            levels = DEEPEST
        opened, closed = self._chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
        inside = opened * levels + b"1" + closed * self._chance.choice((0, levels))
        if self._chance.random() < 0.5 and body[:1] == b"{":
            return b'{"deep":' + inside + b"," + body[1:]
        return inside

    def _padded(self, body: bytes) -> bytes:
        space = self._chance.choice((b" ", b"\n", b"\x00", b"\t")) * self._chance.choice((1, 10, 100, 1_000))
        return self._chance.choice((space + body, body + space, body + body))


def _tree(seed: bytes) -> Tree | None:
    try:
        tree: Tree = msgspec.json.decode(seed)
    except msgspec.MsgspecError:
        return None
    return tree


def _keys(tree: Tree) -> set[str]:
    if isinstance(tree, dict):
        return {str(key) for key in tree} | {name for value in tree.values() for name in _keys(value)}
    if isinstance(tree, list):
        return {name for value in tree for name in _keys(value)}
    return set()
