"""Edits of `params.yaml` that leave every other byte as it was, comments and order included.

Loading and dumping would re-wrap and re-indent the file, and ruamel.yaml hangs the comment after
a list on its last item, where taking that item off loses it. So the text is composed only to
learn where a value stands, and just that piece is replaced.
"""

from __future__ import annotations

import io

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from argus.core.errors import ArgusError
from argus.core.files import atomic
from argus.core.paths import PARAMS


def read() -> str:
    """The text of `params.yaml`, its line ends as they are.

    Raises:
        ArgusError: it is not here, or not UTF-8.
    """
    try:
        return PARAMS.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ArgusError(f"{PARAMS} cannot be read: {error}") from None


def write(text: str) -> None:
    """Put `text` in the place of `params.yaml`, atomically."""
    with atomic(PARAMS) as temporary:
        temporary.write_bytes(text.encode("utf-8"))


def items(text: str, key: str) -> list[str]:
    """The items of a list of strings, by its dotted key."""
    return [str(item.value) for item in _list(text, key)[1].value]


def with_value(text: str, key: str, value: str) -> str:
    """The text with the scalar at a dotted key replaced; `value` is YAML as it is to stand there.

    Raises:
        ArgusError: the file has no such key, or it is no scalar.
    """
    name, node = _find(text, key)
    if not isinstance(node, ScalarNode):
        raise ArgusError(f"{PARAMS}: `{key}` is not a single value")
    start, end = _span(node)
    if start == end:  # nothing stands there, and the marks are those of whatever comes next
        colon = _colon(text, name)
        return f"{text[:colon]} {value}{text[colon:]}"
    return text[:start] + value + text[end:]


def with_mapping(text: str, key: str, value: str) -> str:
    """The text with the mapping in braces at a dotted key replaced by another one in braces.

    Raises:
        ArgusError: the file has no such key, or it is no mapping in braces.
    """
    _, node = _find(text, key)
    if not isinstance(node, MappingNode) or not node.flow_style:
        raise ArgusError(f"{PARAMS}: `{key}` is no mapping in braces; write `{key}: {{}}`")
    start, end = _span(node)
    return text[:start] + value + text[end:]


def with_item(text: str, key: str, item: str) -> str:
    """The text with `item` at the end of the list at a dotted key.

    Raises:
        ArgusError: the file has no such key, or it is no list.
    """
    _, node = _list(text, key)
    if not node.value:
        start, _ = _span(node)
        return f"{text[: start + 1]}{item}{text[start + 1 :]}"
    last_start, last_end = _span(node.value[-1])
    if node.flow_style:
        return f"{text[:last_end]}, {item}{text[last_end:]}"
    line, end = _line(text, last_start)
    newline = "\r\n" if "\r\n" in text else "\n"
    before = "" if text[:end].endswith("\n") else newline
    return f"{text[:end]}{before}{text[line:last_start]}{item}{newline}{text[end:]}"


def without_item(text: str, key: str, item: str) -> str:
    """The text without `item` in the list at a dotted key, and without its line if it has one.

    Raises:
        ArgusError: the file has no such key, it is no list, or the item is not on it.
    """
    name, node = _list(text, key)
    at = next((n for n, found in enumerate(node.value) if found.value == item), None)
    if at is None:
        raise ArgusError(f"{PARAMS}: '{item}' is not on the list `{key}`")
    start, end = _span(node.value[at])
    if node.flow_style:
        if at + 1 < len(node.value):
            end = _span(node.value[at + 1])[0]
        elif at:
            start = _span(node.value[at - 1])[1]
        return text[:start] + text[end:]
    line, end = _line(text, start)
    text = text[:line] + text[end:]
    if len(node.value) == 1:  # a key with nothing below it would be null
        colon = _colon(text, name)
        text = f"{text[:colon]} []{text[colon:]}"
    return text


def _find(text: str, key: str) -> tuple[Node, Node]:
    try:
        node = YAML(typ="rt", pure=True).compose(io.StringIO(text))
    except YAMLError as error:
        raise ArgusError(f"{PARAMS} is not valid YAML: {error}") from None
    name = node
    for part in key.split("."):
        pairs = node.value if isinstance(node, MappingNode) else []
        found = next((pair for pair in pairs if pair[0].value == part), None)
        if found is None:
            raise ArgusError(f"{PARAMS} has no `{key}`: put it back, with its comment")
        name, node = found
    return name, node


def _list(text: str, key: str) -> tuple[Node, SequenceNode]:
    name, node = _find(text, key)
    if not isinstance(node, SequenceNode):
        raise ArgusError(f"{PARAMS}: `{key}` is not a list; write `{key}: []` for an empty one")
    return name, node


def _span(node: Node) -> tuple[int, int]:
    return int(node.start_mark.index), int(node.end_mark.index)


def _colon(text: str, name: Node) -> int:
    """Where the text goes on after a key and its colon."""
    return text.index(":", _span(name)[1]) + 1


def _line(text: str, index: int) -> tuple[int, int]:
    """Where the line around `index` begins, and where the next one does."""
    end = text.find("\n", index)
    return text.rfind("\n", 0, index) + 1, len(text) if end < 0 else end + 1
