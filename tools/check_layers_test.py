#!/usr/bin/env python3
"""Tests check_layers.py on a small tree, whole and with one thing broken at a time."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

from check_layers import Checker

SCRIPT = pathlib.Path(__file__).resolve().parent / "check_layers.py"

TREE = {
    "CMakeLists.txt": "# lowest first\nset(INCIPIT_LAYERS\n  base text tune  # comment\n  CACHE STRING \"Folders\")\n",
    "include/incipit/result.h": "#include <string>\n#include <fmt/format.h>\n#include <tl/expected.hpp>\n",
    "include/incipit/text.h": '#include "incipit/result.h"\n',
    "include/incipit/train.h": '#include <cstdint>\n\n#include "incipit/text.h"\n',
    "src/base/CMakeLists.txt": "incipit_layer(base\n  SOURCES file.cc\n  TESTS file_test.cc\n  PUBLIC result.h)\n",
    "src/base/file.h": '#include "incipit/result.h"\n',
    "src/base/file.cc": '#include "base/file.h"\n',
    "src/base/file_test.cc": '#include <gtest/gtest.h>\n#include "base/file.h"\n',
    "src/text/CMakeLists.txt": "find_package(X)\nincipit_layer(text  # a comment (here)\n  SOURCES text.cc "
    "${CMAKE_CURRENT_BINARY_DIR}/made.cc\n  PUBLIC text.h DEPENDS base LIBRARIES x::x)\n",
    "src/text/text.cc": '#include "incipit/text.h"\n#include "base/file.h"\n',
    "src/tune/CMakeLists.txt": "incipit_layer(tune SOURCES train.cc PUBLIC train.h DEPENDS text)\n",
    "src/tune/train.cc": '#include "incipit/train.h"\n\n#include "base/file.h"\n',
    "apps/cli/main.cc": '#include "cli/flags.h"\n#include "incipit/train.h"\n#include <CLI/CLI.hpp>\n',
    "apps/cli/flags.h": "#pragma once\n",
}


class CheckLayers(unittest.TestCase):
    def with_tree(self, changes, action):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**TREE, **changes}.items():
                if text is None:
                    continue
                path = pathlib.Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return action(pathlib.Path(folder).resolve())

    def errors_of(self, changes):
        return self.with_tree(changes, lambda root: Checker(root).run())

    def assert_error(self, changes, expected):
        self.assertIn(expected, self.errors_of(changes))

    def test_exit_code_and_output(self):
        def run(root):
            result = subprocess.run([sys.executable, SCRIPT, root], capture_output=True, text=True, check=False)
            return result.returncode, result.stdout, result.stderr

        self.assertEqual(self.with_tree({}, run), (0, "", ""))
        self.assertEqual(
            self.with_tree({"src/base/new.h": ""}, run), (1, "src/base/new.h:1: is included by nothing\n", "")
        )

    def test_accepts_a_tree_that_keeps_to_its_layers(self):
        self.assertEqual(self.errors_of({}), [])

    def test_include_of_a_higher_layer(self):
        self.assert_error(
            {"src/base/file.cc": '#include "base/file.h"\n#include "tune/x.h"\n', "src/tune/x.h": ""},
            'src/base/file.cc:2: "tune/x.h": base does not depend on tune',
        )

    def test_public_include_of_a_higher_layer(self):
        self.assert_error(
            {"src/text/text.cc": '#include "incipit/train.h"\n'},
            "src/text/text.cc:1: incipit/train.h belongs to tune, on which text does not depend",
        )
        self.assert_error(
            {"include/incipit/result.h": '#include "incipit/text.h"\n'},
            "include/incipit/result.h:1: incipit/text.h belongs to text, on which base does not depend",
        )

    def test_include_of_what_is_not_there(self):
        self.assert_error({"src/text/text.cc": '#include "base/none.h"\n'}, 'src/text/text.cc:1: "base/none.h" does not exist')
        self.assert_error(
            {"src/text/text.cc": '#include "incipit/none.h"\n'},
            "src/text/text.cc:1: incipit/none.h is PUBLIC in no folder",
        )

    def test_include_that_is_no_path_from_the_root(self):
        self.assert_error(
            {"src/base/file.cc": '#include "file.h"\n'},
            'src/base/file.cc:1: "file.h": must be a path from src/ or include/',
        )

    def test_helpers_of_tests_are_for_tests(self):
        support = {"tests/support/help.h": '#include "base/file.h"\n'}
        test = {"src/base/file_test.cc": '#include "support/help.h"\n'}
        self.assertEqual(self.errors_of({**support, **test}), [])
        self.assert_error(test, 'src/base/file_test.cc:1: "support/help.h" does not exist in tests/')
        self.assert_error(
            {**support, "src/base/file.cc": '#include "support/help.h"\n'},
            'src/base/file.cc:1: "support/help.h": must be a path from src/ or include/',
        )

    def test_public_header_with_a_private_include(self):
        for include in ('"base/file.h"', "<nlohmann/json.hpp>", "<omp.h>"):
            self.assert_error(
                {"include/incipit/text.h": f"#include {include}\n"},
                f"include/incipit/text.h:1: {include}: a public header may include std, fmt, tl and incipit/ only",
            )

    def test_public_header_owned_by_none_or_two(self):
        self.assert_error({"include/incipit/new.h": ""}, "include/incipit/new.h:1: is PUBLIC in no folder of src/")
        self.assert_error(
            {"src/tune/CMakeLists.txt": "incipit_layer(tune SOURCES train.cc PUBLIC train.h text.h DEPENDS text)\n"},
            "src/tune/CMakeLists.txt:1: text.h is PUBLIC in text too",
        )
        self.assert_error({"include/incipit/train.h": None}, "src/tune/CMakeLists.txt:1: PUBLIC train.h does not exist")

    def test_order_of_layers(self):
        self.assert_error(
            {"CMakeLists.txt": TREE["CMakeLists.txt"].replace("base text tune", "text base tune")},
            "src/text/CMakeLists.txt:2: DEPENDS base, which is not before it in INCIPIT_LAYERS",
        )
        self.assert_error(
            {"CMakeLists.txt": TREE["CMakeLists.txt"].replace("base text tune", "base tune")},
            "CMakeLists.txt:1: text must be in both INCIPIT_LAYERS and src/",
        )
        self.assert_error({"CMakeLists.txt": ""}, "CMakeLists.txt:1: has no set(INCIPIT_LAYERS ... CACHE ...)")

    def test_files_and_lists_agree(self):
        self.assert_error({"src/base/new.cc": ""}, "src/base/new.cc:1: is in neither SOURCES nor TESTS of its folder")
        self.assert_error({"src/base/file_test.cc": None}, "src/base/CMakeLists.txt:1: file_test.cc does not exist")
        self.assert_error({"src/base/new.h": ""}, "src/base/new.h:1: is included by nothing")
        self.assert_error(
            {"src/base/CMakeLists.txt": "incipit_layer(base SOURCES file.cc file_test.cc PUBLIC result.h)\n"},
            "src/base/CMakeLists.txt:1: file_test.cc is in SOURCES, must be in TESTS",
        )
        self.assert_error(
            {"src/base/CMakeLists.txt": "incipit_layer(base SOURCES file.cc file.cc TESTS file_test.cc PUBLIC result.h)\n"},
            "src/base/CMakeLists.txt:1: file.cc is listed more than once",
        )

    def test_folder_without_its_call(self):
        self.assert_error({"src/tune/CMakeLists.txt": None}, "src/tune/CMakeLists.txt:1: is missing")
        self.assert_error(
            {"src/tune/CMakeLists.txt": "incipit_layer(text SOURCES train.cc)\n"},
            "src/tune/CMakeLists.txt:1: must have one call incipit_layer(tune ...)",
        )

    def test_programs_use_the_public_headers_only(self):
        self.assert_error(
            {"apps/cli/main.cc": '#include "cli/flags.h"\n#include "base/file.h"\n'},
            'apps/cli/main.cc:2: "base/file.h": a program may include incipit/ and its own headers only',
        )
        self.assert_error(
            {"apps/cli/main.cc": '#include "incipit/none.h"\n'}, 'apps/cli/main.cc:1: "incipit/none.h" does not exist'
        )


if __name__ == "__main__":
    unittest.main()
