"""Every regular expression of the package: found by its syntax tree, made as the package makes it.

Run as a program (`python tests/patterns.py ARTICLE ...`) it imports all modules of `pipeline`, makes what they make,
extracts the articles, and prints each expression with the line that makes it, one JSON object a line. An expression
that hangs on words of the lexicon is the one that was really made; a line that made none is printed with null.
"""

from __future__ import annotations

import ast
import functools
import importlib
import inspect
import json
import pkgutil
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pipeline

ROOT = Path(pipeline.__file__).parent
ASKED = ("search", "match", "fullmatch", "split", "findall", "finditer", "sub", "subn")
AT_A_PLACE = frozenset({"match", "fullmatch"})
_FLAGS_AT = {"compile": 1, "sub": 4, "subn": 4, "split": 3}


@dataclass(frozen=True)
class Expression:
    """One expression, the line that makes it, and whether it is only ever asked at one place of a text."""

    site: str
    source: str | bytes | None
    flags: int = 0
    anchored: bool = False

    @property
    def module(self) -> str:
        """Where it is made."""
        return self.site.partition(":")[0]


@dataclass(frozen=True)
class Site:
    """A call of `re` in the package: its lines, what is called, the names that its value gets, the function around."""

    module: str
    first: int
    last: int
    made: str
    names: frozenset[str]
    function: str | None

    def __str__(self) -> str:
        return f"{self.module}:{self.first}"


def modules() -> Iterator[tuple[str, ast.Module]]:
    """The modules of the package as syntax trees."""
    for path in sorted(ROOT.rglob("*.py")):
        name = ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.parse(path.read_text("utf-8"))


def sites() -> dict[Site, ast.Call]:
    """All calls of `re` in the package that take an expression."""
    return {site: call for module, tree in modules() for site, call in _calls(tree, module, frozenset(), None)}


def _calls(node: ast.AST, module: str, names: frozenset[str], function: str | None) -> Iterator[tuple[Site, ast.Call]]:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name("re"), attr=made)) if made in ("compile", *ASKED):
            yield Site(module, node.lineno, node.end_lineno or node.lineno, made, names, function), node
        case ast.FunctionDef(name=name):
            names, function = frozenset({name}), name
        case ast.Assign(targets=[ast.Name(name)]) | ast.AnnAssign(target=ast.Name(name)) | ast.keyword(arg=str(name)):
            names |= {name}
        case _:
            pass
    for child in ast.iter_child_nodes(node):
        more = names
        if isinstance(node, ast.Dict) and child in node.values:
            key = node.keys[node.values.index(child)]  # type: ignore[arg-type]
            more = names | {key.value} if isinstance(key, ast.Constant) and isinstance(key.value, str) else names
        yield from _calls(child, module, more, function)


def _ways() -> dict[tuple[str, str], set[str]]:
    """How what has a name is asked: a private one in its module, the others in all (module: ""); a use that does not
    show how counts as a search."""
    ways: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for module, tree in modules():
        shown: set[int] = set()
        nodes = list(ast.walk(tree))
        for node in nodes:
            if isinstance(node, ast.Attribute) and node.attr in (*ASKED, "pattern"):
                for name, place in _named(node.value):
                    shown.add(id(place))
                    ways[_scoped(module, name)] |= {node.attr} - {"pattern"}
        for node in nodes:
            if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Load) and id(node) not in shown:
                ways[_scoped(module, node.id if isinstance(node, ast.Name) else node.attr)].add("search")
    return ways


def _scoped(module: str, name: str) -> tuple[str, str]:
    return (module if name.startswith("_") else "", name)


def _named(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    match node:
        case ast.Name(name) | ast.Attribute(attr=name):
            yield name, node
        case ast.Call(func=function):
            yield from _named(function)
        case ast.Subscript(value=value):
            yield from _named(value)
        case _:
            pass


Seen = dict[tuple[str, int], set[tuple[str | bytes, int]]]


def _watched(seen: Seen) -> None:
    """From now on note what the package asks of `re`: by module and line."""
    compile_ = re.compile

    def watched(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def watch(pattern: Any, *args: Any, **kwargs: Any) -> Any:
            frame = sys._getframe(1)
            module = frame.f_globals.get("__name__", "")
            if module.partition(".")[0] == "pipeline":
                at = _FLAGS_AT.get(name, 2) - 1
                flags = kwargs.get("flags", args[at] if len(args) > at else 0)
                made = compile_(pattern, flags) if isinstance(pattern, str | bytes) else pattern
                seen.setdefault((module, frame.f_lineno), set()).add((made.pattern, made.flags))
            return function(pattern, *args, **kwargs)

        return watch

    for name in ("compile", *ASKED):
        setattr(re, name, watched(name, getattr(re, name)))


def _make_all(articles: Sequence[str]) -> None:
    """Import the package, call what makes expressions with the arguments that it is called with, extract articles."""
    for module in pkgutil.walk_packages([str(ROOT)], "pipeline."):
        importlib.import_module(module.name)
    makers = {site.function for site in sites() if site.function and site.made == "compile"}
    for module, tree in modules():
        for maker in vars(sys.modules[module]).values():
            made = "re.Pattern" in str(getattr(maker, "__annotations__", {}).get("return"))
            if made and callable(maker) and not inspect.signature(maker).parameters:
                maker()
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Name(name), args=args) if name in makers and args and not node.keywords:
                    if all(isinstance(arg, ast.Constant) for arg in args):
                        getattr(sys.modules[module], name)(*(arg.value for arg in args))
                case _:
                    pass
    from pipeline.extractor import build, explain_page
    from pipeline.settings import Settings
    from pipeline.sources.files import read_paths

    made = build()
    for page in read_paths(articles, Settings()):
        explain_page(page, made)


def _listed(seen: Seen) -> Iterator[Expression]:
    ways = _ways()
    for site, call in sites().items():
        found = {each for line in range(site.first, site.last + 1) for each in seen.get((site.module, line), ())}
        found = found or _evaluated(site, call)
        asked = (
            {site.made}
            if site.made != "compile"
            else {way for name in site.names for way in ways[_scoped(site.module, name)]}
        )
        anchored = bool(asked) and asked <= AT_A_PLACE
        if not found:
            yield Expression(str(site), None)
        for source, flags in sorted(found, key=repr):
            yield Expression(str(site), source, flags, anchored)


def _evaluated(site: Site, call: ast.Call) -> set[tuple[str | bytes, int]]:
    """The expression of a line that did not run, where it hangs on nothing but the module."""
    scope = vars(sys.modules[site.module])
    at = _FLAGS_AT.get(site.made, 2)
    flags = next((k.value for k in call.keywords if k.arg == "flags"), call.args[at] if len(call.args) > at else None)
    try:
        source = eval(compile(ast.Expression(call.args[0]), str(site), "eval"), scope)
        number = eval(compile(ast.Expression(flags), str(site), "eval"), scope) if flags else 0
    except NameError:
        return set()
    return {(source, int(number))}


def collected(articles: Sequence[Path]) -> list[Expression]:
    """What this file prints as a program: an interpreter of its own has not made any expression yet."""
    command = [sys.executable, __file__, *map(str, articles)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT.parent)
    found: list[Expression] = []
    for line in done.stdout.splitlines():
        site, source, packed, flags, anchored = json.loads(line)
        found.append(Expression(site, source.encode("latin-1") if packed else source, flags, anchored))
    return found


if __name__ == "__main__":
    seen: Seen = {}
    _watched(seen)
    _make_all(sys.argv[1:])
    for each in _listed(seen):
        packed = isinstance(each.source, bytes)
        source = each.source.decode("latin-1") if isinstance(each.source, bytes) else each.source
        print(json.dumps([each.site, source, packed, each.flags, each.anchored]))
