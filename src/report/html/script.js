"use strict";
// Pointing at, stepping through and zooming the pictures. The page tells everything without it.

/** The sentence of a mark. It is moved out of <title>, so that the browser does not show it a second time. */
function takeTip(mark) {
  const title = mark.querySelector("title");
  const tip = title ? title.textContent : "";
  if (title) title.remove();
  return tip.trim();
}

function setUp(plot) {
  const svg = plot.querySelector("svg");
  const name = svg.querySelector(":scope > title");
  if (name) {
    svg.setAttribute("aria-label", name.textContent);
    name.remove();
  }
  const tips = new Map();
  for (const mark of svg.querySelectorAll(".mark")) tips.set(mark, takeTip(mark));
  const marks = [...tips.keys()];
  const box = document.createElement("div");
  box.className = "tip";
  box.setAttribute("role", "status");
  plot.append(box);
  let at = -1;

  function show(index) {
    if (marks[at]) marks[at].classList.remove("on");
    at = index;
    const mark = marks[at];
    box.textContent = mark ? tips.get(mark) : "";
    if (!mark) return;
    mark.classList.add("on");
    const outer = plot.getBoundingClientRect();
    const inner = mark.getBoundingClientRect();
    const middle = inner.left + inner.width / 2 - outer.left;
    const half = box.offsetWidth / 2;
    box.style.left = Math.min(Math.max(middle, half), outer.width - half) + "px";
    box.style.top = inner.bottom - outer.top + "px";
  }

  svg.addEventListener("pointerover", (event) => {
    const mark = event.target.closest(".mark");
    if (mark) show(marks.indexOf(mark));
  });
  svg.addEventListener("pointerleave", () => show(-1));
  plot.addEventListener("blur", () => show(-1));

  const zoom = plot.hasAttribute("data-zooms") ? setUpZoom(plot, svg, marks) : null;
  const visible = (mark) => mark.getAttribute("visibility") !== "hidden";
  function step(by) {
    let next = at;
    do {
      next += by;
    } while (marks[next] && !visible(marks[next]));
    if (marks[next]) show(next);
  }
  const keys = {
    ArrowRight: () => step(1),
    ArrowDown: () => step(1),
    ArrowLeft: () => (at < 0 ? show(marks.length - 1) : step(-1)),
    ArrowUp: () => (at < 0 ? show(marks.length - 1) : step(-1)),
    Home: () => show(0),
    End: () => show(marks.length - 1),
    Escape: () => show(-1),
  };
  if (zoom) {
    const middle = () => (marks[at] ? (Number(marks[at].dataset.start) + Number(marks[at].dataset.end)) / 2 : null);
    const and = (act) => () => {
      act();
      show(marks[at] && visible(marks[at]) ? at : -1);
    };
    keys["+"] = keys["="] = and(() => zoom.by(0.5, middle()));
    keys["-"] = and(() => zoom.by(2, middle()));
    keys["0"] = and(() => zoom.reset());
  }
  plot.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || event.target !== plot) return;
    event.preventDefault();
    act();
  });
}

/** The scale of time can be stretched; marks and ticks follow. */
function setUpZoom(plot, svg, marks) {
  const frame = svg.querySelector(".frame");
  const whole = [Number(frame.dataset.start), Number(frame.dataset.end)];
  const left = Number(frame.getAttribute("x"));
  const width = Number(frame.getAttribute("width"));
  // As in the program that drew the picture.
  const narrowest = 5;
  const shortest = 1800;
  let [start, end] = whole;
  const place = (second, from, to) => left + (width * (second - from)) / (to - from);
  const ticks = [...svg.querySelectorAll(".tick")];
  const line = ticks.find((one) => one.tagName === "rect");
  const words = ticks.find((one) => one.tagName === "text");
  let drawn = ticks;

  function drawTicks() {
    for (const one of drawn) one.remove();
    const steps = [1, 2, 5, 10, 30, 60, 120, 180, 360, 720, 1440, 2880, 10080, 40320, 525600];
    const most = width > 500 ? 12 : 4;
    const step = 60 * (steps.find((one) => (end - start) / 60 / one <= most) || steps[steps.length - 1]);
    drawn = [];
    let last = frame;
    for (let second = Math.ceil(start / step) * step; second <= end; second += step) {
      const x = place(second, start, end);
      const text = new Date(second * 1000).toISOString();
      const tick = line.cloneNode(true);
      tick.setAttribute("x", x);
      const label = words.cloneNode(true);
      label.setAttribute("x", x);
      label.textContent = step >= 86400 ? text.slice(5, 10) : text.slice(11, 16);
      last.after(tick, label);
      last = label;
      drawn.push(tick, label);
    }
  }

  function draw() {
    for (const mark of marks) {
      const [from, to] = [Number(mark.dataset.start), Number(mark.dataset.end)];
      const outside = to < start || from > end;
      if (outside) mark.setAttribute("visibility", "hidden");
      else mark.removeAttribute("visibility");
      if (outside) continue;
      if (mark.tagName === "rect") {
        const x = Math.max(place(from, start, end), left);
        mark.setAttribute("x", x);
        mark.setAttribute("width", Math.max(Math.min(place(to, start, end), left + width) - x, narrowest));
      } else {
        const middle = (from + to) / 2;
        const shift = place(middle, start, end) - place(middle, whole[0], whole[1]);
        mark.setAttribute("transform", "translate(" + shift + " 0)");
      }
    }
    drawTicks();
  }

  const zoom = {
    by(factor, middle) {
      const span = Math.min(Math.max((end - start) * factor, shortest), whole[1] - whole[0]);
      const around = middle === null || middle === undefined ? (start + end) / 2 : middle;
      start = Math.min(Math.max(around - span / 2, whole[0]), whole[1] - span);
      end = start + span;
      draw();
    },
    move(part) {
      const by = Math.min(Math.max((end - start) * part, whole[0] - start), whole[1] - end);
      start += by;
      end += by;
      draw();
    },
    reset() {
      [start, end] = whole;
      draw();
    },
  };

  const tools = document.createElement("div");
  tools.className = "tools";
  const button = (text, label, act) => {
    const one = document.createElement("button");
    one.type = "button";
    one.textContent = text;
    one.setAttribute("aria-label", label);
    one.addEventListener("click", act);
    tools.append(one);
  };
  button("\u2190", "Earlier", () => zoom.move(-0.5));
  button("\u2192", "Later", () => zoom.move(0.5));
  button("\u2212", "Zoom out", () => zoom.by(2));
  button("+", "Zoom in", () => zoom.by(0.5));
  button("Whole", "Show the whole time", () => zoom.reset());
  plot.prepend(tools);

  svg.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const area = svg.getBoundingClientRect();
      const at = (((event.clientX - area.left) / area.width) * svg.viewBox.baseVal.width - left) / width;
      zoom.by(event.deltaY < 0 ? 0.8 : 1.25, start + (end - start) * Math.min(Math.max(at, 0), 1));
    },
    { passive: false },
  );
  return zoom;
}

for (const plot of document.querySelectorAll(".plot")) setUp(plot);

// Paper has nothing to unfold. Long values stay folded there: they would fill pages.
let unfolded = [];
addEventListener("beforeprint", () => {
  unfolded = [...document.querySelectorAll(".behind:not([open])")];
  for (const one of unfolded) one.open = true;
});
addEventListener("afterprint", () => {
  for (const one of unfolded) one.open = false;
});
