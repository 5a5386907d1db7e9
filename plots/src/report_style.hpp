#pragma once

#include <string_view>

namespace reluflow::plots {

/// What pages of `make_report` look like: light or dark as the reader's system is, figures on white
/// either way; what is wider than the page scrolls by itself.
inline constexpr std::string_view report_style = R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #57606a; --line: #d0d7de; --paper: #ffffff;
  --ground: #f6f8fa; --link: #0550ae; --good: #116329; --bad: #a40e26; --shade: #1b1f2466; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --faint: #9da7b3; --line: #3d444d; --paper: #161b22; --ground: #0d1117;
    --link: #79b8ff; --good: #56d364; --bad: #ff8e86; --shade: #000000; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 82rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.5 system-ui, "DejaVu Sans", sans-serif; overflow-wrap: break-word; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 0.75rem; padding-top: 0.5rem; border-top: 1px solid var(--line); }
a { color: var(--link); }
nav ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1.25rem; list-style: none; margin: 0.75rem 0 0; padding: 0; }
.lead { font-size: 1.05rem; margin: 0.25rem 0; }
.outcome { font-weight: 700; }
.answered { color: var(--good); }
.unanswered, .missing { color: var(--bad); }
.columns { display: grid; gap: 1rem 2rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)); }
.gallery { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 36rem), 1fr)); align-items: start; }
/* A shadow at the edge behind which there is more. */
.wide { overflow-x: auto; max-width: 100%; background-color: var(--paper);
  background-image: linear-gradient(to right, var(--paper) 40%, transparent), linear-gradient(to left, var(--paper) 40%, transparent),
    linear-gradient(to right, var(--shade), transparent), linear-gradient(to left, var(--shade), transparent);
  background-position: left, right, left, right; background-repeat: no-repeat;
  background-size: 2.5rem 100%, 2.5rem 100%, 0.8rem 100%, 0.8rem 100%; background-attachment: local, local, scroll, scroll; }
/* A drawing is opaque: its white lets the shadow below it through. */
figure .wide { --paper: #ffffff; --shade: #1b1f2466; isolation: isolate; }
.plot, figure img { mix-blend-mode: multiply; }
table { border-collapse: collapse; width: 100%; font-size: 0.9rem; }
caption { text-align: left; color: var(--faint); padding: 0.25rem 0.6rem; }
th, td { text-align: left; vertical-align: top; padding: 0.3rem 0.6rem; border-bottom: 1px solid var(--line);
  font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th[scope="row"] { font-weight: 500; white-space: nowrap; }
thead th { border-bottom: 2px solid var(--line); }
td data { white-space: nowrap; }
td .note { color: var(--faint); display: block; min-width: 8rem; }
pre { background: var(--paper); border: 1px solid var(--line); padding: 0.75rem; overflow: auto; max-height: 28rem;
  white-space: pre-wrap; overflow-wrap: anywhere; font-size: 0.85rem; margin: 0.5rem 0; }
summary { cursor: pointer; padding: 0.4rem 0; }
figure { margin: 0; background: #ffffff; color: #1b1f24; border: 1px solid var(--line); border-radius: 6px; padding: 0.5rem; min-width: 0; }
figcaption { font-size: 0.9rem; padding: 0.25rem 0.5rem; color: #424a53; }
.plot, figure img { display: block; width: 100%; height: auto; margin: 0 auto; }
figure img { min-width: 24rem; max-width: 60rem; }
.plot text, .plot tspan { font-family: "DejaVu Sans", Verdana, system-ui, sans-serif; }
.readout { min-height: 1.4rem; margin: 0; padding: 0 0.5rem; font-size: 0.85rem; color: #424a53; font-variant-numeric: tabular-nums; }
.tools { display: flex; flex-wrap: wrap; gap: 0.4rem; align-items: center; padding: 0.25rem 0.5rem; }
.tools[hidden], .plot[hidden] { display: none; }
.tools input { flex: 1 1 8rem; min-width: 0; }
.tools output { min-width: 7rem; font-variant-numeric: tabular-nums; }
button { font: inherit; font-size: 0.85rem; padding: 0.3rem 0.7rem; border: 1px solid #8c959f; border-radius: 4px;
  background: #ffffff; color: #1b1f24; }
button[aria-pressed="false"] { color: #57606a; text-decoration: line-through; background: #eaeef2; }
.cross { stroke: #57606a; stroke-width: 1; stroke-dasharray: 3 3; pointer-events: none; }
footer { margin-top: 3rem; padding-top: 0.5rem; border-top: 1px solid var(--line); color: var(--faint); font-size: 0.9rem; }
/* Paper is white, whatever the screen is. */
@page { size: A4; margin: 15mm; }
@media print {
  :root { color-scheme: light; --ink: #000000; --faint: #333333; --line: #999999; --paper: #ffffff; --ground: #ffffff;
    --link: #000000; --good: #000000; --bad: #000000; --shade: transparent; }
  body { max-width: none; padding: 0; font-size: 10pt; }
  a { text-decoration: underline; }
  nav, .tools, .readout { display: none; }
  .plot, figure img { min-width: 0 !important; max-width: 15cm !important; max-height: 22cm; mix-blend-mode: normal; }
  .wide { overflow: visible; background: none; }
  .columns { grid-template-columns: 1fr 1fr; }
  .gallery { display: block; }
  h2, summary { break-after: avoid; }
  figcaption { break-before: avoid; }
  figure { break-inside: avoid; margin-bottom: 1em; border: 0; }
  tr { break-inside: avoid; }
  table { font-size: 8pt; }
  th, td { padding: 0.15rem 0.3rem; }
  td .note { min-width: 9rem; }
  pre { max-height: none; -webkit-box-decoration-break: clone; box-decoration-break: clone; }
}
)css";

/// Coordinates under the pointer, curves that can be hidden, and the slider of the animation. The
/// page says all it has to say without it. No '<' and no '&': the page is XML, too.
inline constexpr std::string_view report_script = R"js(
"use strict";
(function () {
  function scale(text) {
    const parts = text.split(" ");
    const low = Number(parts[0]), high = Number(parts[1]), log = parts[2] === "log";
    const digits = Math.max(0, 3 - Math.floor(Math.log10(high - low)));
    return function (fraction) {
      if (log) return Math.exp(Math.log(low) + fraction * Math.log(high / low)).toPrecision(3);
      const value = low + fraction * (high - low);
      return digits > 6 ? value.toExponential(3) : value.toFixed(digits);
    };
  }
  function line(svg) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", "line");
    made.setAttribute("class", "cross");
    svg.appendChild(made);
    return function (x1, y1, x2, y2) {
      made.setAttribute("x1", x1); made.setAttribute("y1", y1);
      made.setAttribute("x2", x2); made.setAttribute("y2", y2);
    };
  }
  document.querySelectorAll("figure[data-figure]").forEach(function (figure) {
    const svg = figure.querySelector("svg");
    if (!svg) return;
    const readout = figure.querySelector(".readout");
    const upright = line(svg), level = line(svg);
    svg.querySelectorAll(".axes").forEach(function (axes) {
      const x = scale(axes.dataset.x), y = axes.dataset.y ? scale(axes.dataset.y) : null;
      const name = figure.dataset.figure === "neurons" ? "x" : "t";
      const box = axes.getBBox();
      axes.addEventListener("pointermove", function (event) {
        const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
        const right = (at.x - box.x) / box.width, up = 1 - (at.y - box.y) / box.height;
        readout.textContent = name + " = " + x(right) + (y ? ",  y = " + y(up) : "");
        upright(at.x, box.y, at.x, box.y + box.height);
        if (y) level(box.x, at.y, box.x + box.width, at.y);
      });
      axes.addEventListener("pointerleave", function () {
        readout.textContent = "";
        upright(0, 0, 0, 0);
        level(0, 0, 0, 0);
      });
    });
    figure.querySelectorAll(".tools button").forEach(function (button) {
      button.parentNode.hidden = false;
      button.addEventListener("click", function () {
        const shown = button.getAttribute("aria-pressed") !== "true";
        button.setAttribute("aria-pressed", String(shown));
        svg.querySelectorAll('[data-curve="' + button.dataset.curve + '"]').forEach(function (curve) {
          curve.style.visibility = shown ? "" : "hidden";
        });
      });
    });
  });
  document.querySelectorAll("figure[data-animation]").forEach(function (figure) {
    const times = figure.dataset.animation.split("|");
    const frames = figure.querySelectorAll("svg"), slider = figure.querySelector("input");
    const button = figure.querySelector("button"), output = figure.querySelector("output");
    let timer = null;
    function show(number) {
      frames.forEach(function (frame, i) { frame.toggleAttribute("hidden", i !== number); });
      slider.value = number;
      slider.setAttribute("aria-valuetext", times[number]);
      output.textContent = times[number];
    }
    function stop() {
      clearInterval(timer);
      timer = null;
      button.textContent = "Play";
    }
    function advance() {
      const next = Number(slider.value) + 1;
      if (next === times.length) return stop();
      show(next);
    }
    button.addEventListener("click", function () {
      if (timer !== null) return stop();
      if (Number(slider.value) === times.length - 1) show(0);
      button.textContent = "Pause";
      timer = setInterval(advance, 180);
    });
    slider.addEventListener("input", function () { stop(); show(Number(slider.value)); });
    figure.querySelector(".tools").hidden = false;
    show(times.length - 1);
  });
})();
)js";

}  // namespace reluflow::plots
