#!/usr/bin/env python3
"""Opens sample pages of comparisons in Chromium: every chart is drawn, nothing overflows, no user's text runs.

    page_test.py WRITE_SAMPLE_PAGES [--screenshots DIR]
"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import chromium

SKIPPED = 77  # ctest's SKIP_RETURN_CODE
HEIGHT = 900
MOST_BYTES = {"rich": 1 << 20}
RUN = {"confusion-matrix": 1}
TRAINED = RUN | {"loss": 1, "metrics": 1, "wrong-examples": 1}
LATE = {"movement": 1, "attention": 1, "removal": 1, "similarity": 1}
PROMPT = LATE | {"word-map": 1}
UNTRAINED = RUN | {"wrong-examples": 1}


def total(*parts):
    counts = {"accuracy": 1}
    for part in parts:
        for name, count in part.items():
            counts[name] = counts.get(name, 0) + count
    return counts


# The charts of each page, by class.
EXPECTED = {
    "rich": total(UNTRAINED, PROMPT, *[TRAINED] * 5, PROMPT, PROMPT, LATE),
    "small": total(UNTRAINED),
    "single": total(TRAINED, {name: 1 for name in PROMPT if name != "similarity"}),  # of one token with itself
    "large": total(UNTRAINED, *[TRAINED] * 11, *[PROMPT] * 4, *[LATE] * 4),
    "hostile": total(TRAINED, TRAINED, TRAINED, PROMPT, PROMPT, LATE),
}

# An element of any other name would come from a user's text.
OURS = """html head meta title style body header fieldset label input h1 h2 p nav ol li a main section footer figure
figcaption strong span i b small bdi div svg rect line path circle text details summary dl dt dd table thead tbody tr th
td""".split()
# Every figure has something to see with a size; what overflows the page and is not inside a box that scrolls.
INSPECT = f"""(() => {{ const OURS = {OURS}; return """ + """(() => {
  const all = (selector, within = document) => [...within.querySelectorAll(selector)];
  all("details").forEach(details => { details.open = true; });
  const box = element => element.getBoundingClientRect();
  const figures = all("figure.chart").map(figure => {
    const drawing = figure.querySelector(".bars, svg, table");
    const marks = drawing ? all("path, rect, circle, td", drawing).filter(m => box(m).width + box(m).height > 0) : [];
    return {name: figure.classList[1], width: drawing ? box(drawing).width : 0,
            height: drawing ? box(drawing).height : 0, marks: marks.length,
            label: drawing?.tagName !== "svg" || !!drawing.getAttribute("aria-label")};
  });
  const wide = all("body *").filter(e => box(e).right > innerWidth + 1 && !e.closest(".scroll > *"));
  const text = getComputedStyle(document.body);
  return {figures, title: document.title, width: document.documentElement.scrollWidth,
          wide: wide.slice(0, 3).map(e => e.outerHTML.slice(0, 120)),
          alien: all("*").filter(e => !OURS.includes(e.localName) ||
              [...e.attributes].some(a => /^on|[^a-z0-9-]/i.test(a.name))).map(e => e.localName),
          notFinite: all("svg *").filter(e => [...e.attributes].some(
              a => a.name !== "class" && /nan|inf/i.test(a.value))).length,
          ink: text.color, paper: text.backgroundColor,
          overlaps: all("svg").flatMap(svg => overlapping(all("text", svg).map(box))).length};
  function overlapping(boxes) {
    return boxes.flatMap((a, i) => boxes.slice(i + 1).filter(b => a.left < b.right - 2 && b.left < a.right - 2 &&
        a.top < b.bottom - 5 && b.top < a.bottom - 5));
  }
})(); })()"""


class Test:
    def __init__(self):
        self.failures = []

    def expect(self, right, what):
        if not right:
            self.failures.append(what)
            print(f"FAILED {what}", flush=True)

    def page(self, browser, path, width, dark):
        where = f"{path.stem}, {width} px, {'dark' if dark else 'light'}"
        browser.show(width, HEIGHT, dark)
        browser.messages.clear()
        browser.open(path)
        seen = browser.evaluate(INSPECT)
        self.expect(not browser.messages, f"{where}: the console is silent: {browser.messages[:3]}")
        counts = {}
        for figure in seen["figures"]:
            counts[figure["name"]] = counts.get(figure["name"], 0) + 1
            self.expect(figure["width"] > 100 and figure["height"] > 30 and figure["marks"] > 0 and figure["label"],
                        f"{where}: a chart to see: {figure}")
        self.expect(counts == EXPECTED[path.stem], f"{where}: charts {counts}, expected {EXPECTED[path.stem]}")
        self.expect(seen["width"] <= width and not seen["wide"], f"{where}: fits: {seen['width']} px, {seen['wide']}")
        self.expect(not seen["alien"], f"{where}: no element or attribute from a text: {seen['alien'][:3]}")
        self.expect(seen["notFinite"] == 0, f"{where}: only finite places")
        self.expect(seen["title"] and seen["title"] != "hacked", f"{where}: title {seen['title'][:40]}")
        self.expect(is_dark(seen["paper"]) == dark and is_dark(seen["ink"]) != dark,
                    f"{where}: colours {seen['ink']} on {seen['paper']}")
        self.expect(seen["overlaps"] == 0, f"{where}: {seen['overlaps']} labels lie over others")

    def scroll_boxes(self, browser, path):
        browser.show(400, HEIGHT, False)
        browser.open(path)
        scrolls = browser.evaluate("""(() => { const box = document.querySelector(".runs").parentElement;
            box.scrollLeft = 200; return box.scrollLeft; })()""")
        self.expect(scrolls > 0, "a table wider than the page scrolls in its own box")

    def theme(self, browser, path):
        browser.show(1200, HEIGHT, False)
        browser.open(path)
        for theme, dark in (("dark", True), ("light", False)):
            paper = browser.evaluate(f"""(document.getElementById("theme-{theme}").click(),
                getComputedStyle(document.body).backgroundColor)""")
            self.expect(is_dark(paper) == dark, f"the switch turns the page {theme}: {paper}")


def is_dark(color):
    return sum(int(part) for part in color[color.index("(") + 1:-1].split(",")[:3]) < 384


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("writer", type=pathlib.Path, help="the program write_sample_pages")
    parser.add_argument("--screenshots", type=pathlib.Path, help="where to save a picture of each page")
    options = parser.parse_args()
    path = chromium.find()
    if path is None:
        print(f"skipped: none of {', '.join(chromium.NAMES)} is installed")
        return SKIPPED
    test = Test()
    with tempfile.TemporaryDirectory() as folder, chromium.Chromium(path) as browser:
        subprocess.run([options.writer, folder], check=True)
        pages = sorted(pathlib.Path(folder).iterdir())
        test.expect({page.stem for page in pages} == set(EXPECTED), f"pages {pages}")
        for page in pages:
            size = page.stat().st_size
            test.expect(size <= MOST_BYTES.get(page.stem, 4 << 20), f"{page.stem}: {size} bytes")
            for width in (400, 1600):
                for dark in (False, True):
                    test.page(browser, page, width, dark)
                    if options.screenshots:
                        options.screenshots.mkdir(parents=True, exist_ok=True)
                        scheme = "dark" if dark else "light"
                        browser.screenshot(options.screenshots / f"{page.stem}-{width}-{scheme}.png")
        test.scroll_boxes(browser, pathlib.Path(folder) / "rich.html")
        test.theme(browser, pathlib.Path(folder) / "small.html")
    print(f"{len(test.failures)} failures")
    return 1 if test.failures else 0


if __name__ == "__main__":
    sys.exit(main())
