#!/usr/bin/env python3
"""The report of a run in headless Chromium: it renders, at the width of a phone and of a desktop,
without a complaint, without a request, its controls work, and it can be printed.

    report_browser.py RELUFLOW PROBLEM [SCREENSHOTS]    pictures go to the directory SCREENSHOTS

Exit code 77: chromium or chromedriver is missing (Debian: chromium, chromium-driver).
"""

import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

WIDTHS = {"phone": (390, 844), "desktop": (1280, 900)}
FIGURES = ["loss", "curvature", "neurons", "norms", "directions", "raster"]

failures = []
checks = 0


def check(holds, what):
    global checks
    checks += 1
    if not holds:
        failures.append(what)
        print("FAILED:", what, file=sys.stderr)


class Browser:
    """A session of chromedriver, by the WebDriver protocol."""

    def __init__(self, driver, chromium, profile, width, height):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.base = f"http://127.0.0.1:{probe.getsockname()[1]}"
        self.process = subprocess.Popen(
            [driver, f"--port={self.base.rsplit(':', 1)[1]}", "--log-level=OFF"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait_until_ready()
        options = {
            "binary": chromium,
            # A pipe between driver and browser: a port needs the name localhost, which a bare system
            # does not know.
            "args": ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--remote-debugging-pipe", "--hide-scrollbars", f"--user-data-dir={profile}"],
            "mobileEmulation": {"deviceMetrics": {
                "width": width, "height": height, "pixelRatio": 1, "touch": False}},
        }
        created = self.send("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.base += "/session/" + created["sessionId"]

    def wait_until_ready(self):
        for _ in range(200):
            with contextlib.suppress(OSError):
                if self.send("GET", "/status")["ready"]:
                    return
            time.sleep(0.1)
        raise RuntimeError("chromedriver does not answer")

    def send(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, method=method,
                                         headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as refusal:
            raise RuntimeError(f"chromedriver: {json.load(refusal)['value']['message']}") from None

    def run(self, script, *arguments):
        return self.send("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def log(self, kind):
        return self.send("POST", "/se/log", {"type": kind})

    def devtools(self, command, **parameters):
        return self.send("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def picture(self, file, **clip):
        shot = self.devtools("Page.captureScreenshot", captureBeyondViewport=True, **clip)
        file.write_bytes(base64.b64decode(shot["data"]))

    def close(self):
        with contextlib.suppress(OSError):
            self.send("DELETE", "")
        self.process.terminate()
        self.process.wait()


def look_at(browser, page, name):
    browser.send("POST", "/url", {"url": page})
    width = WIDTHS[name][0]
    check(browser.run("return innerWidth") == width, f"{name}: the window is {width} wide")
    check(browser.run("return document.documentElement.scrollWidth") <= width,
          f"{name}: no scrolling sideways")
    wide = browser.run("""
        return [...document.querySelectorAll('body *')].filter(e =>
          e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.wide, pre')).map(e => e.outerHTML.slice(0, 80));
    """)
    check(wide == [], f"{name}: nothing sticks out, found {wide[:3]}")
    bare = browser.run("""
        return [...document.querySelectorAll('body *')].filter(e => e.scrollWidth > e.clientWidth + 1 &&
          getComputedStyle(e).overflowX === 'auto' && !getComputedStyle(e).backgroundImage.includes('gradient'))
          .map(e => e.outerHTML.slice(0, 80));
    """)
    check(bare == [], f"{name}: what scrolls sideways has a shadow, not {bare[:3]}")
    small = browser.run("""
        return [...document.querySelectorAll('p, td, th, li, figcaption, pre, button')].filter(e =>
          e.offsetParent && parseFloat(getComputedStyle(e).fontSize) < 12).map(e => e.outerHTML.slice(0, 80));
    """)
    check(small == [], f"{name}: text is at least 12 pixels high, found {small[:3]}")
    sizes = browser.run("""
        return Object.fromEntries([...document.querySelectorAll('figure svg')].filter(e => !e.hidden &&
          getComputedStyle(e).display !== 'none').map(e =>
          [e.id, [e.getBoundingClientRect().width, e.getBoundingClientRect().height,
                  e.querySelectorAll('path, rect, use').length]]));
    """)
    for figure in FIGURES:
        box = sizes.get("figure-" + figure, [0, 0, 0])
        check(box[0] >= 300 and box[1] >= 150 and box[2] > 10, f"{name}: {figure} is there: {box}")
    letters = browser.run("""
        return Math.min(...[...document.querySelectorAll('figure[data-figure] svg text')].map(e =>
          e.getBoundingClientRect()).filter(b => b.width > 0).map(b => Math.min(b.width, b.height) > 0 ?
          Math.max(Math.min(b.width, b.height), 0) : 99).filter(h => h > 3));
    """)
    check(letters >= 5, f"{name}: letters in figures are {letters} pixels high")
    alone = browser.run("return document.querySelectorAll('#figure-loss .axes').length")
    check(alone == 2, f"{name}: both axes of the loss can be read")


def use_controls(browser):
    frames = browser.run("return document.querySelectorAll('figure[data-animation] svg').length")
    check(frames >= 10, f"the animation has {frames} frames")
    shown = """return [...document.querySelectorAll('figure[data-animation] svg')].map((e, i) =>
        getComputedStyle(e).display === 'none' ? -1 : i).filter(i => i >= 0)"""
    check(browser.run(shown) == [frames - 1], "the last frame is shown first")
    browser.run("""const s = document.querySelector('figure[data-animation] input');
        s.value = 3; s.dispatchEvent(new Event('input'));""")
    check(browser.run(shown) == [3], "the slider chooses a frame")
    said = browser.run("return document.querySelector('figure[data-animation] output').textContent")
    check(said.startswith("t = "), f"the frame says its time: {said}")
    browser.run("document.querySelector('figure[data-animation] button').click()")
    time.sleep(0.6)
    check(browser.run(shown)[0] > 3, "the animation plays")
    browser.run("document.querySelector('figure[data-animation] button').click()")

    said = browser.run("""
        const axes = document.querySelectorAll('#figure-loss .axes')[1], box = axes.getBoundingClientRect();
        axes.dispatchEvent(new PointerEvent('pointermove', {clientX: box.left + box.width / 2,
          clientY: box.bottom - 2, bubbles: true}));
        return document.querySelector('figure[data-figure=loss] .readout').textContent;""")
    t, y = (float(part.split("=")[1]) for part in said.split(",  "))
    check(abs(t - 20) < 0.5 and 0 < y < 1e-10, f"the pointer reads t and a tiny loss: {said}")

    hidden = browser.run("""
        const figure = document.querySelector('figure[data-figure=curvature]');
        const before = figure.querySelectorAll('.tools button').length;
        figure.querySelector('.tools button').click();
        return [before, getComputedStyle(figure.querySelector('svg [data-curve="0"]')).visibility,
                getComputedStyle(figure.querySelector('svg [data-curve="1"]')).visibility];""")
    check(hidden == [2, "hidden", "visible"], f"a curve can be hidden: {hidden}")
    browser.run("document.querySelector('figure[data-figure=curvature] .tools button').click()")


def print_on_paper(browser):
    """A4 with its margins, as a reader whose screen is dark prints it."""
    width = 680
    browser.devtools("Emulation.setEmulatedMedia", media="print", features=[
        {"name": "prefers-color-scheme", "value": "dark"}])
    browser.devtools("Emulation.setDeviceMetricsOverride", width=width, height=1000,
                     deviceScaleFactor=1, mobile=False)
    browser.run("document.querySelectorAll('details').forEach(e => { e.open = true; })")
    wide = browser.run("""
        return [...document.querySelectorAll('body *')].filter(e =>
          e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('svg')).map(e => e.outerHTML.slice(0, 80));
    """)
    check(wide == [], f"paper: nothing is cut at the edge, found {wide[:3]}")
    cut = browser.run("""
        return [...document.querySelectorAll('figure svg')].filter(e => e.getBoundingClientRect().height > 935)
          .map(e => e.id);
    """)
    check(cut == [], f"paper: every figure fits on a page, not {cut}")
    dark = browser.run("""
        const light = colour => colour.match(/[0-9.]+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) / 765;
        const opaque = colour => !/, 0\)$/.test(colour);
        return [...document.querySelectorAll('html, body, body *')].filter(e => !e.closest('svg')).filter(e => {
          const style = getComputedStyle(e);
          return (opaque(style.backgroundColor) && light(style.backgroundColor) < 0.9) || light(style.color) > 0.5;
        }).filter(e => e.offsetParent).map(e => e.outerHTML.slice(0, 80));
    """)
    check(dark == [], f"paper: dark on white, but {dark[:3]}")
    paper = base64.b64decode(browser.devtools("Page.printToPDF", preferCSSPageSize=True)["data"])
    size = re.search(rb"/MediaBox\s*\[0 0 ([0-9.]+) ([0-9.]+)\]", paper)
    points = size and [round(float(length)) for length in size.groups()]
    check(points in ([595, 842], [596, 842]), f"paper: A4, not {points}")
    browser.devtools("Emulation.clearDeviceMetricsOverride")
    return paper


def listen(browser, page, name):
    complaints = [entry["message"] for entry in browser.log("browser")]
    check(complaints == [], f"{name}: the console is empty: {complaints[:3]}")
    requests = []
    for entry in browser.log("performance"):
        message = json.loads(entry["message"])["message"]
        # The browser's own first page asks for things, too.
        if (message["method"] == "Network.requestWillBeSent"
                and message["params"]["documentURL"] == page):
            requests.append(message["params"]["request"]["url"])
    asked = [url for url in requests if url != page and not url.startswith("data:")]
    check(page in requests, f"{name}: requests are seen")
    check(asked == [], f"{name}: nothing is fetched: {asked[:3]}")


def main():
    reluflow, problem = sys.argv[1:3]
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        print("skipped: chromium or chromedriver is missing (Debian: chromium, chromium-driver)")
        return 77
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        pictures = pathlib.Path(sys.argv[3]) if len(sys.argv) > 3 else None
        run = scratch / "two_point"
        for command in (["run", problem, "--out", run, "--no-plots", "--quiet"], ["report", run]):
            subprocess.run([reluflow, *command], check=True, stdout=subprocess.DEVNULL)
        page = (run / "report.html").as_uri()
        os.environ["HOME"] = str(scratch)
        for name, size in WIDTHS.items():
            browser = Browser(driver, chromium, scratch / name, *size)
            try:
                look_at(browser, page, name)
                use_controls(browser)
                listen(browser, page, name)
                if pictures:
                    pictures.mkdir(parents=True, exist_ok=True)
                    browser.run("scrollTo(0, 0)")
                    browser.picture(pictures / f"{name}.png")
                    browser.devtools("Emulation.setEmulatedMedia", features=[
                        {"name": "prefers-color-scheme", "value": "dark"}])
                    browser.picture(pictures / f"{name}_dark.png")
                if name == "desktop":  # leaves the page open and as wide as paper
                    paper = print_on_paper(browser)
            finally:
                browser.close()
        if pictures:
            (pictures / "paper.pdf").write_bytes(paper)
    print(f"{checks} checks, {len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
