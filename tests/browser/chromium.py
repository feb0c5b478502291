"""A headless Chromium, driven by its DevTools protocol over pipes: needs nothing but Python and the browser."""

import base64
import fcntl
import itertools
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find():
    """The browser's path; None where there is none that runs (a snap's launcher without its snap does not)."""
    for name in NAMES:
        path = shutil.which(name)
        if path and subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False).returncode == 0:
            return path
    return None


class Chromium:
    """One page; its complaints are gathered in `messages`."""

    def __init__(self, path, seconds=60):
        self.seconds = seconds
        self.messages = []
        self.events = []
        self.ids = itertools.count(1)
        self.unread = b""
        self.profile = tempfile.mkdtemp()
        # Chromium reads descriptor 3 and writes descriptor 4; ours are above, so that they cannot collide.
        theirs_in, self.write_end = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in os.pipe())
        self.read_end, theirs_out = (fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in os.pipe())
        def take_pipes():
            os.dup2(theirs_in, 3)
            os.dup2(theirs_out, 4)

        self.process = subprocess.Popen(
            [path, "--headless", "--no-sandbox", "--remote-debugging-pipe", "--disable-gpu", "--disable-dev-shm-usage",
             "--no-first-run", "--hide-scrollbars", f"--user-data-dir={self.profile}", "about:blank"],
            preexec_fn=take_pipes, close_fds=False, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.session = None
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.write_end)
        os.close(self.read_end)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, method, **parameters):
        number = next(self.ids)
        message = {"id": number, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]

    def receive(self):
        """The next answer or event; events are noted on the way."""
        end = time.monotonic() + self.seconds
        while b"\0" not in self.unread:
            ready, _, _ = select.select([self.read_end], [], [], max(0.0, end - time.monotonic()))
            data = os.read(self.read_end, 1 << 20) if ready else b""
            if not data:
                raise RuntimeError("Chromium " + ("has ended" if ready else f"did not answer in {self.seconds} s"))
            self.unread += data
        raw, _, self.unread = self.unread.partition(b"\0")
        message = json.loads(raw)
        self.note(message)
        return message

    def note(self, message):
        method, details = message.get("method"), message.get("params", {})
        if method == "Log.entryAdded":
            self.messages.append(details["entry"]["text"])
        elif method == "Runtime.consoleAPICalled":
            self.messages.append(str(details["args"]))
        elif method == "Runtime.exceptionThrown":
            self.messages.append(details["exceptionDetails"]["text"])
        elif method == "Network.requestWillBeSent" and not details["request"]["url"].startswith("file:"):
            self.messages.append("asks for " + details["request"]["url"][:200])
        elif method == "Page.javascriptDialogOpening":
            self.messages.append("opens a dialog")
        elif method:
            self.events.append(method)

    def show(self, width, height, dark):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])

    def open(self, path):
        self.events.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        while "Page.loadEventFired" not in self.events:
            self.receive()

    def evaluate(self, expression):
        """The value of an expression of JavaScript on the page."""
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(result["exceptionDetails"]["exception"]["description"])
        return result["result"].get("value")

    def screenshot(self, path, x=0, y=0, width=None, height=None):
        """Of the whole page, or of a part."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": x, "y": y, "width": width or size["width"], "height": height or min(size["height"] - y, 15000),
                "scale": 1}
        data = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"]
        path.write_bytes(base64.b64decode(data))
