// The checks of tests/browser/run.
//
//     node check.mjs FOLDER [--update]     (FOLDER has what tests/browser/run made)
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [folder, mode] = process.argv.slice(2);
const root = resolve(import.meta.dirname, "../..");
const load = createRequire(join(root, "target/browser/"));
const { chromium } = load("playwright-core");
const axe = readFileSync(load.resolve("axe-core/axe.min.js"), "utf8");

const SCREEN = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844 };
const LARGEST_PICTURE = 300_000;
/** What the page is made of; a value from a log could only add to it. */
const ELEMENTS = new Set(
  ("a article body br circle code details div figure footer g h1 h2 h3 head header html li line main meta nav p polygon rect " +
    "script section span strong style summary svg table tbody td text th thead title tr ul button desc").split(" "),
);
const ATTRIBUTES =
  /^(aria-(label|labelledby)|charset|class|content|cx|cy|data-(end|start|zooms)|dominant-baseline|fill(-opacity)?|font-(family|size|weight)|height|href|http-equiv|id|lang|name|open|points|r|role|rx|ry|scope|stroke(-dasharray|-opacity|-width)?|style|tabindex|text-anchor|transform|type|viewBox|visibility|width|x|x1|x2|xmlns|y|y1|y2)$/;

const faults = [];
function check(holds, what) {
  if (!holds) faults.push(what);
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
process.on("exit", () => browser.close());

/** Opens a report, with everything that goes wrong on the way noted. */
async function open(name, viewport, colorScheme, file = "report.html") {
  const path = join(folder, name, file);
  const where = `${name}/${file}, ${viewport.width} px, ${colorScheme}`;
  const context = await browser.newContext({ viewport, colorScheme, offline: true });
  const page = await context.newPage();
  page.on("console", (message) => check(false, `${where}: the console says ${message.type()}: ${message.text()}`));
  page.on("pageerror", (error) => check(false, `${where}: ${error.message}`));
  page.on("dialog", (dialog) => check(false, `${where}: a dialog opens: ${dialog.message()}`));
  page.on("request", (request) => {
    check(request.url() === pathToFileURL(path).href, `${where}: the page asks for ${request.url()}`);
  });
  await page.goto(pathToFileURL(path).href);
  return { page, where };
}

/** Pictures are there, nothing lies outside of them, and no two texts lie on each other. */
async function pictures({ page, where }, least = 4) {
  const found = await page.evaluate(() => {
    const faults = [];
    const plots = [...document.querySelectorAll(".plot")].filter((plot) => plot.offsetWidth > 0);
    for (const plot of plots) {
      const name = plot.getAttribute("aria-label");
      const svg = plot.querySelector("svg");
      const sheet = svg.getBoundingClientRect();
      if (svg.getAttribute("role") !== "img" || !svg.getAttribute("aria-label")) faults.push(`${name}: has no name`);
      if (svg.querySelectorAll(".mark").length === 0) faults.push(`${name}: nothing is drawn`);
      const texts = [...svg.querySelectorAll("text")].map((text) => ({
        words: text.textContent.trim(),
        box: text.getBoundingClientRect(),
      }));
      for (const { words, box } of texts) {
        // Half a letter may hang over: widths are those of another font.
        const over = Math.max(sheet.left - box.left, box.right - sheet.right, sheet.top - box.top, box.bottom - sheet.bottom);
        if (over > 4) faults.push(`${name}: "${words}" hangs over by ${over.toFixed(1)} px`);
        if (box.height < 11) faults.push(`${name}: "${words}" is ${box.height.toFixed(1)} px high`);
      }
      for (let one = 0; one < texts.length; one++) {
        for (let other = one + 1; other < texts.length; other++) {
          const [a, b] = [texts[one].box, texts[other].box];
          const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
          const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
          if (wide > 1 && high > 4) faults.push(`${name}: "${texts[one].words}" lies on "${texts[other].words}"`);
        }
      }
      const behind = plot.closest("section").querySelector("details.behind table, details.behind .note");
      if (!behind) faults.push(`${name}: no table behind it`);
    }
    return { faults, plots: plots.length };
  });
  check(found.plots >= least, `${where}: ${found.plots} pictures`);
  for (const fault of found.faults) check(false, `${where}: ${fault}`);
  const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  check(over <= 0, `${where}: wider than the screen by ${over} px`);
}

async function keyboard({ page, where }) {
  const inTimeline = () => page.evaluate(() => document.activeElement.matches("#timeline .plot"));
  for (let presses = 0; presses < 60 && !(await inTimeline()); presses++) await page.keyboard.press("Tab");
  check(await inTimeline(), `${where}: the timeline cannot be reached by Tab`);
  const tip = () => page.evaluate(() => document.activeElement.querySelector(".tip").textContent);
  const ticks = () =>
    page.evaluate(() => [...document.activeElement.querySelectorAll("text.tick")].map((one) => one.textContent.trim()).join(" "));
  check((await tip()) === "", `${where}: something is told before it was asked for`);
  await page.keyboard.press("ArrowRight");
  const first = await tip();
  await page.keyboard.press("ArrowRight");
  const second = await tip();
  check(first !== "" && second !== "" && first !== second, `${where}: arrow keys tell "${first}", then "${second}"`);
  check((await page.locator(".mark.on").count()) === 1, `${where}: the mark stepped to is not shown`);
  await page.keyboard.press("End");
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Home");
  check((await tip()) === first, `${where}: Home does not lead back to the first mark`);
  const whole = await ticks();
  await page.keyboard.press("+");
  check((await ticks()) !== whole, `${where}: plus does not zoom`);
  await page.keyboard.press("0");
  check((await ticks()) === whole, `${where}: 0 does not show the whole time again`);
  await page.keyboard.press("Escape");
  check((await tip()) === "", `${where}: Escape does not end it`);

  const summary = page.locator("#timeline details.behind > summary");
  await summary.focus();
  await page.keyboard.press("Enter");
  check(await page.locator("#timeline details.behind").evaluate((one) => one.open), `${where}: Enter does not unfold the table`);
  await page.keyboard.press("Enter");
}

async function pointer({ page, where }) {
  const plot = page.locator("#timeline .plot:visible");
  await plot.getByRole("button", { name: "Zoom in" }).click();
  await plot.getByRole("button", { name: "Later" }).click();
  await plot.getByRole("button", { name: "Show the whole time" }).click();
  const mark = page.locator("#exclusions .plot:visible .mark").first();
  await mark.hover();
  const tip = page.locator("#exclusions .plot:visible .tip");
  check((await tip.textContent()) !== "", `${where}: pointing at a bar tells nothing`);
  const box = await tip.boundingBox();
  const width = page.viewportSize().width;
  check(box && box.x >= 0 && box.x + box.width <= width, `${where}: what is told lies outside of the screen`);
  await page.mouse.move(0, 0);
}

/** The policy of the page forbids what a script that got in would do. */
async function sealed({ page, where }) {
  const refused = await page.evaluate(async () => {
    const violations = new Set();
    document.addEventListener("securitypolicyviolation", (event) => violations.add(event.effectiveDirective));
    await fetch("https://example.com/").catch(() => {});
    const image = document.createElement("img");
    image.src = "https://example.com/x.png";
    const script = document.createElement("script");
    script.textContent = "window.hit = 1";
    const style = document.createElement("style");
    style.textContent = "body{display:none}";
    const form = document.createElement("form");
    form.action = "https://example.com/";
    const button = document.createElement("div");
    button.setAttribute("onclick", "window.hit = 1");
    document.body.append(image, script, style, form, button);
    button.click();
    form.submit();
    await new Promise((done) => setTimeout(done, 200));
    return { violations: [...violations].sort().join(" "), hit: window.hit };
  });
  const wanted = "connect-src form-action img-src script-src-attr script-src-elem style-src-elem";
  check(refused.violations === wanted, `${where}: the policy forbids only ${refused.violations}`);
  check(refused.hit === undefined, `${where}: a script ran that is not the page's own`);
}

async function accessible({ page, where }) {
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }),
  );
  for (const one of found.violations) {
    check(false, `${where}: axe: ${one.id}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(" | ")}`);
  }
}

/** Only the page's own elements and attributes, no script but its own, and no character that acts. */
async function onlyItsOwn({ page, where }) {
  const made = await page.evaluate(() => {
    const elements = [...document.querySelectorAll("*")];
    return {
      elements: [...new Set(elements.map((one) => one.localName))],
      attributes: [...new Set(elements.flatMap((one) => one.getAttributeNames()))],
      scripts: document.scripts.length,
      links: [...document.querySelectorAll("[href]")].map((one) => one.getAttribute("href")),
      styled: document.querySelectorAll("[style]:not(.tip)").length,
      hit: window.hit,
      text: document.documentElement.outerHTML,
    };
  });
  for (const one of made.elements) check(ELEMENTS.has(one), `${where}: there is an element <${one}>`);
  for (const one of made.attributes) check(ATTRIBUTES.test(one), `${where}: there is an attribute ${one}`);
  for (const one of made.links) check(one.startsWith("#"), `${where}: there is a link to ${one}`);
  check(made.scripts === 1, `${where}: there are ${made.scripts} scripts`);
  check(made.styled === 0, `${where}: ${made.styled} elements have a style of their own`);
  check(made.hit === undefined, `${where}: a script ran`);
  const acting = /[\0-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/u.exec(made.text);
  check(!acting, `${where}: the character U+${acting?.[0].codePointAt(0).toString(16)} is on the page`);
}

/** Hostile text is there, as text, and all of it. */
async function hostileIsText({ page, where }) {
  const text = await page.evaluate(() => document.body.textContent);
  for (const part of ["<script>window.hit=1</script>", "\\x1b[31m", "\\u{202e}txt.exe", "=cmd|' /C calc'!A0", "<b>end</b>"]) {
    check(text.includes(part), `${where}: "${part}" is not on the page`);
  }
  check(text.includes("A".repeat(10_000)), `${where}: a long name is not there to its end`);
}

async function onPaper() {
  const { page, where } = await open("default", SCREEN, "dark");
  const pdf = await page.pdf({ format: "A4" });
  const pages = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g)?.length ?? 0;
  check(pages >= 2 && pages <= 9, `${where}: ${pages} pages on paper`);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const paper = await page.evaluate(() => ({
    ground: getComputedStyle(document.body).backgroundColor,
    text: getComputedStyle(document.querySelector("#timeline svg text")).fill,
    nav: getComputedStyle(document.querySelector("nav")).display,
  }));
  check(paper.ground === "rgb(255, 255, 255)" && paper.text === "rgb(87, 96, 106)", `${where}: dark on paper: ${paper.text} on ${paper.ground}`);
  check(paper.nav === "none", `${where}: links are printed`);
  await page.context().close();
}

async function colours() {
  const shown = {};
  for (const scheme of ["light", "dark"]) {
    const { page } = await open("default", SCREEN, scheme);
    shown[scheme] = await page.evaluate(() => [
      getComputedStyle(document.body).backgroundColor,
      getComputedStyle(document.querySelector("#timeline .wide svg > rect")).fill,
      getComputedStyle(document.querySelector("#timeline .wide svg text")).fill,
    ]);
    await page.context().close();
  }
  check(shown.light[0] === shown.light[1] && shown.light[0] === "rgb(255, 255, 255)", `light is ${shown.light}`);
  check(shown.dark[0] === shown.dark[1] && shown.dark[0] === "rgb(13, 17, 23)", `dark is ${shown.dark}`);
  check(shown.light[2] !== shown.dark[2], "the text of pictures is the same in light and dark");
}

/** A picture by itself is drawn too, and nothing in it acts. */
async function slides(name) {
  const plots = join(folder, name, "plots");
  const files = readdirSync(plots).filter((file) => file.endsWith(".svg"));
  check(files.length >= 4, `${name}: ${files.length} pictures for slides`);
  for (const file of files) {
    const context = await browser.newContext({ offline: true });
    const page = await context.newPage();
    await page.goto(pathToFileURL(join(plots, file)).href);
    const found = await page.evaluate(() => ({
      root: document.documentElement.localName,
      elements: [...new Set([...document.querySelectorAll("*")].map((one) => one.localName))],
      marks: document.querySelectorAll(".mark").length,
      hit: window.hit,
    }));
    check(found.root === "svg" && found.marks > 0, `${name}/${file}: nothing is drawn`);
    for (const one of found.elements) check(ELEMENTS.has(one), `${name}/${file}: there is an element <${one}>`);
    check(found.hit === undefined, `${name}/${file}: a script ran`);
    await context.close();
  }
}

/** `junit.xml` is XML, also with hostile names. */
async function wellFormed(name) {
  const page = await browser.newPage();
  const text = readFileSync(join(folder, name, "junit.xml"), "utf8");
  const tests = await page.evaluate((xml) => {
    const parsed = new DOMParser().parseFromString(xml, "application/xml");
    if (parsed.querySelector("parsererror")) return parsed.documentElement.textContent;
    const count = (what) => parsed.querySelectorAll(what).length;
    const said = (what) => Number(parsed.documentElement.getAttribute(what));
    return count("testcase") === said("tests") && count("failure") === said("failures") && count("skipped") === said("skipped");
  }, text);
  check(tests === true, `${name}/junit.xml: ${tests}`);
  await page.close();
}

/** The pictures of the README: the first screens of the default scenario's report. */
async function readme() {
  const docs = join(root, "docs");
  const shown = join(docs, "report-shown.txt");
  const { page } = await open("default", { width: 1100, height: 1000 }, "light");
  // What the pictures show, as words.
  const text = await page.evaluate(() => {
    const parts = [...document.querySelectorAll("header, #glance, #timeline .wide svg text")];
    return parts.map((part) => (part.innerText ?? part.textContent).trim().replace(/\s*\n\s*/g, "\n")).join("\n") + "\n";
  });
  await page.context().close();
  if (mode === "--update") {
    mkdirSync(docs, { recursive: true });
    for (const scheme of ["light", "dark"]) {
      const { page } = await open("default", { width: 1100, height: 1000 }, scheme);
      await page.screenshot({ path: join(docs, `report-${scheme}.png`), fullPage: true, clip: { x: 0, y: 0, width: 1100, height: 1120 } });
      await page.context().close();
    }
    writeFileSync(shown, text);
    console.log("docs/report-light.png, docs/report-dark.png and docs/report-shown.txt are written");
  }
  for (const scheme of ["light", "dark"]) {
    const path = join(docs, `report-${scheme}.png`);
    check(existsSync(path) && statSync(path).size < LARGEST_PICTURE, `${path} is missing, or larger than ${LARGEST_PICTURE} bytes`);
  }
  const before = existsSync(shown) ? readFileSync(shown, "utf8") : "";
  check(before === text, "the report of the default scenario no longer shows what docs/report-*.png show: tests/browser/run --update");
}

const digests = new Set();
for (const name of ["default", "suite", "hostile"]) {
  digests.add(createHash("sha256").update(readFileSync(join(folder, name, "report.html"))).digest("hex"));
  for (const viewport of [SCREEN, PHONE]) {
    for (const scheme of ["light", "dark"]) {
      const opened = await open(name, viewport, scheme);
      await pictures(opened);
      await keyboard(opened);
      await pointer(opened);
      await onlyItsOwn(opened);
      if (name === "hostile") await hostileIsText(opened);
      await accessible(opened);
      await opened.page.context().close();
    }
  }
  await slides(name);
  await wellFormed(name);
}
check(digests.size === 3, "the three reports are not three");
for (const [name, file, least] of [
  ["swept", "report.html", 6],
  ["sweep", "sweep.html", 3],
  ["edges", "edges.html", 1],
]) {
  for (const viewport of [SCREEN, PHONE]) {
    const opened = await open(name, viewport, "light", file);
    await pictures(opened, least);
    await onlyItsOwn(opened);
    await accessible(opened);
    await opened.page.context().close();
  }
}
await slides("swept");
{
  const opened = await open("default", SCREEN, "light");
  // From here on the console is expected to complain.
  opened.page.removeAllListeners("console");
  opened.page.removeAllListeners("request");
  await sealed(opened);
  await opened.page.context().close();
}
await colours();
await onPaper();
await readme();

await browser.close();
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log("the report holds in Chromium: default, suite and hostile, sweep and edges, screen and phone, light and dark, paper");
