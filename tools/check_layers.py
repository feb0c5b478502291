#!/usr/bin/env python3
"""Checks that the code keeps to its layers; prints file:line of what does not, and exits with 1.

Reads the incipit_layer(...) calls of src/*/CMakeLists.txt and the order of INCIPIT_LAYERS in the top
CMakeLists.txt, and holds every #include against them. See docs/architecture.md.
"""

import argparse
import pathlib
import re
import sys
from dataclasses import dataclass, field

KEYWORDS = ("SOURCES", "TESTS", "PUBLIC", "DEPENDS", "LIBRARIES", "TEST_LIBRARIES")
CODE = (".cc", ".h")
INCLUDE = re.compile(r'^\s*#\s*include\s*(<[^>]*>|"[^"]*")')
# What a public header may include besides other public headers: the standard library (no slash, no suffix), and
# the libraries that its users get with it.
PUBLIC_INCLUDE = re.compile(r"<([a-z_0-9]+|fmt/[a-z_]+\.h|tl/[a-z_]+\.hpp)>")


@dataclass
class Layer:
    name: str
    cmake: pathlib.Path
    line: int
    lists: dict[str, list[str]] = field(default_factory=dict)

    def __getattr__(self, name):
        return self.lists.get(name.upper(), [])


def without_comments(text):
    return re.sub(r"#[^\n]*", "", text)


class Checker:
    def __init__(self, root):
        self.root = root
        self.source = root / "src"
        self.public = root / "include"
        self.errors = []
        self.order = self.read_order()
        self.layers = {layer.name: layer for layer in self.read_layers()}
        self.below = {name: self.reach(name) for name in self.layers}
        self.owner = self.read_owners()
        self.included = set()

    def error(self, path, line, message):
        self.errors.append(f"{path.relative_to(self.root)}:{line}: {message}")

    # What the CMake files say.

    def read_order(self):
        text = without_comments((self.root / "CMakeLists.txt").read_text(encoding="utf-8"))
        match = re.search(r"set\(INCIPIT_LAYERS\s+(.*?)\s+CACHE\b", text, re.DOTALL)
        if match is None:
            self.error(self.root / "CMakeLists.txt", 1, "has no set(INCIPIT_LAYERS ... CACHE ...)")
            return []
        return match[1].split()

    def read_layers(self):
        folders = sorted(path.name for path in self.source.iterdir() if path.is_dir())
        for name in sorted(set(self.order) ^ set(folders)):
            self.error(self.root / "CMakeLists.txt", 1, f"{name} must be in both INCIPIT_LAYERS and src/")
        for name in folders:
            cmake = self.source / name / "CMakeLists.txt"
            if not cmake.exists():
                self.error(cmake, 1, "is missing")
                continue
            text = without_comments(cmake.read_text(encoding="utf-8"))
            calls = list(re.finditer(r"\bincipit_layer\s*\(([^)]*)\)", text))
            if len(calls) != 1 or calls[0][1].split()[:1] != [name]:
                self.error(cmake, 1, f"must have one call incipit_layer({name} ...)")
                continue
            yield self.parse_call(name, cmake, text.count("\n", 0, calls[0].start()) + 1, calls[0][1].split()[1:])

    @staticmethod
    def parse_call(name, cmake, line, words):
        layer = Layer(name, cmake, line, {keyword: [] for keyword in KEYWORDS})
        keyword = None
        for word in words:
            if word in KEYWORDS:
                keyword = word
            elif keyword is not None:
                layer.lists[keyword].append(word)
        return layer

    def reach(self, name):
        """The layers that `name` may include from: itself and all that it depends on, directly or not."""
        found = set()
        todo = [name]
        while todo:
            layer = todo.pop()
            if layer not in found and layer in self.layers:
                found.add(layer)
                todo += self.layers[layer].depends
        return found

    def read_owners(self):
        owner = {}
        for layer in self.layers.values():
            for header in layer.public:
                if header in owner:
                    self.error(layer.cmake, layer.line, f"{header} is PUBLIC in {owner[header]} too")
                owner[header] = layer.name
        return owner

    # The checks.

    def run(self):
        for layer in self.layers.values():
            self.check_order(layer)
            self.check_lists(layer)
            for path in self.code_below(self.source / layer.name):
                self.check_includes(layer, path)
        self.check_public_headers()
        self.check_apps()
        for folder in ("tests", "bench"):
            for path in self.code_below(self.root / folder):
                self.included.update(name for _, name in self.includes(path))
        self.check_headers_are_used()
        return self.errors

    def check_order(self, layer):
        for dependency in layer.depends:
            if dependency not in self.order or layer.name not in self.order:
                self.error(layer.cmake, layer.line, f"DEPENDS {dependency}, which is not in INCIPIT_LAYERS")
            elif self.order.index(dependency) >= self.order.index(layer.name):
                self.error(layer.cmake, layer.line, f"DEPENDS {dependency}, which is not before it in INCIPIT_LAYERS")

    def check_lists(self, layer):
        """Every .cc file is listed once, as a test if its name says so, and every listed file exists."""
        folder = self.source / layer.name
        listed = [name for name in layer.sources + layer.tests if "${" not in name]
        for name in sorted({name for name in listed if listed.count(name) > 1}):
            self.error(layer.cmake, layer.line, f"{name} is listed more than once")
        for name in listed:
            if not (folder / name).is_file():
                self.error(layer.cmake, layer.line, f"{name} does not exist")
            if name.endswith("_test.cc") and name in layer.sources:
                self.error(layer.cmake, layer.line, f"{name} is in SOURCES, must be in TESTS")
        for path in self.code_below(folder):
            name = path.relative_to(folder).as_posix()
            if path.suffix == ".cc" and name not in listed:
                self.error(path, 1, "is in neither SOURCES nor TESTS of its folder")

    def check_includes(self, layer, path):
        for line, name in self.includes(path):
            self.included.add(name)
            first, _, rest = name.strip('<>"').partition("/")
            if first == "incipit":
                self.check_public_include(layer, path, line, rest)
            elif name.startswith("<"):
                continue
            elif first == "support" and path.name.endswith("_test.cc"):
                if not (self.root / "tests" / first / rest).is_file():
                    self.error(path, line, f"{name} does not exist in tests/")
            elif first not in self.layers or not rest:
                self.error(path, line, f"{name}: must be a path from src/ or include/")
            elif first not in self.below[layer.name]:
                self.error(path, line, f"{name}: {layer.name} does not depend on {first}")
            elif not (self.source / first / rest).is_file():
                self.error(path, line, f"{name} does not exist")

    def check_public_include(self, layer, path, line, header):
        owner = self.owner.get(header)
        if owner is None:
            self.error(path, line, f"incipit/{header} is PUBLIC in no folder")
        elif owner not in self.below[layer.name]:
            self.error(path, line, f"incipit/{header} belongs to {owner}, on which {layer.name} does not depend")

    def check_public_headers(self):
        folder = self.public / "incipit"
        for path in self.code_below(folder):
            header = path.relative_to(folder).as_posix()
            if header not in self.owner:
                self.error(path, 1, "is PUBLIC in no folder of src/")
                continue
            layer = self.layers[self.owner[header]]
            for line, name in self.includes(path):
                if name.strip('<>"').startswith("incipit/"):
                    self.check_public_include(layer, path, line, name.strip('<>"').partition("/")[2])
                elif not PUBLIC_INCLUDE.fullmatch(name):
                    self.error(path, line, f"{name}: a public header may include std, fmt, tl and incipit/ only")
        for header, name in self.owner.items():
            if not (folder / header).is_file():
                self.error(self.layers[name].cmake, self.layers[name].line, f"PUBLIC {header} does not exist")

    def check_apps(self):
        apps = self.root / "apps"
        for path in self.code_below(apps):
            for line, name in self.includes(path):
                own = name.strip('"')
                if name.startswith("<") or (apps / own).is_file() or (path.parent / own).is_file():
                    continue
                header = own.removeprefix("incipit/")
                if not own.startswith("incipit/"):
                    self.error(path, line, f"{name}: a program may include incipit/ and its own headers only")
                elif header not in self.owner:
                    self.error(path, line, f"{name} does not exist")

    def check_headers_are_used(self):
        for layer in self.layers:
            for path in self.code_below(self.source / layer):
                if path.suffix == ".h" and f'"{path.relative_to(self.source).as_posix()}"' not in self.included:
                    self.error(path, 1, "is included by nothing")

    @staticmethod
    def code_below(folder):
        return sorted(path for path in folder.rglob("*") if path.suffix in CODE) if folder.is_dir() else []

    @staticmethod
    def includes(path):
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, 1):
                match = INCLUDE.match(line)
                if match:
                    yield number, match[1]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", nargs="?", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent.parent)
    errors = Checker(parser.parse_args().root.resolve()).run()
    for error in errors:
        print(error)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
