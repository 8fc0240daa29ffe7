// Reads each page as people do: wide and narrow, light and dark, with and without scripts.
import { existsSync, readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [browserPath, ...pages] = process.argv.slice(2);
const pictures = resolve("target/pages/pictures");
mkdirSync(pictures, { recursive: true });

const browser = await chromium.launch({
  executablePath: browserPath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
let failures = 0;
const expect = (holds, what) => {
  if (!holds) {
    failures += 1;
    console.error(`  FAILED ${what}`);
  }
};

for (const file of pages) {
  const url = pathToFileURL(resolve(file)).href;
  for (const width of [1280, 360]) {
    for (const colorScheme of ["light", "dark"]) {
      console.log(`${file}, ${width} px, ${colorScheme}`);
      await look(url, { width, colorScheme });
    }
  }
  await withoutScripts(url);
  await finds(url);
  await printed(url);
}
await browser.close();
console.log(failures === 0 ? "all pages are fine" : `${failures} failures`);
process.exitCode = failures === 0 ? 0 : 1;

async function look(url, { width, colorScheme }) {
  // The page's own policy forbids the checker's script, so the policy alone is lifted, for the checker alone.
  const context = await browser.newContext({ viewport: { width, height: 800 }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  const messages = [];
  const requests = [];
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(String(error)));
  page.on("dialog", (dialog) => messages.push(`dialog: ${dialog.message()}`));
  page.on("request", (request) => requests.push(request.url()));
  await page.goto(url);
  expect(messages.length === 0, `console is silent: ${messages.join(" | ")}`);
  expect(requests.length === 1 && requests[0] === url, `nothing else is loaded: ${requests.slice(1).join(" ")}`);
  const scripts = (await page.locator("body.docs").count()) > 0 ? 1 : 0;
  expect((await page.locator("script").count()) === scripts, `the page has ${scripts} scripts`);
  expect((await page.title()).startsWith("breaklab: "), "the title is the page's own");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow <= 0, `no sideways scrolling, ${overflow} px too wide`);
  const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = Number(background.match(/\d+/)[0]) > 127;
  expect(light === (colorScheme === "light"), `the ${colorScheme} scheme is obeyed: ${background}`);
  const name = `${basename(dirname(new URL(url).pathname))}-${width}-${colorScheme}.png`;
  await page.screenshot({ path: `${pictures}/${name}`, fullPage: true });
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  for (const { id, help, nodes } of violations) {
    expect(false, `accessibility, ${id}: ${help} (${nodes.length}×, first: ${nodes[0].html.slice(0, 160)})`);
  }
  expect((await svgContrast(page)).length === 0, `words in plots have contrast: ${await svgContrast(page)}`);
  for (const lack of await structure(page)) expect(false, lack);
  for (const link of await page.locator("a").evaluateAll((links) => links.map((link) => link.href))) {
    const { hash, pathname } = new URL(link);
    const isHere = pathname === new URL(url).pathname;
    const there = hash && isHere ? (await page.locator(`[id="${hash.slice(1)}"]`).count()) === 1 : existsSync(fileURLToPath(link.split("#")[0]));
    expect(there, `the link to ${hash || basename(pathname)} leads somewhere`);
  }
  await context.close();
}

// What a screen reader goes by, beyond what axe demands.
function structure(page) {
  return page.evaluate(() => {
    const lacks = [];
    const all = (selector) => [...document.querySelectorAll(selector)];
    const demand = (holds, what) => holds || lacks.push(what);
    for (const [landmark, wanted] of [["main", 1], ["body > header", 1], ["nav[aria-label]", 1], ["footer", 1], ["h1", 1]]) {
      demand(all(landmark).length === wanted, `${wanted} ${landmark}, not ${all(landmark).length}`);
    }
    for (const section of all("section")) {
      const title = document.getElementById(section.getAttribute("aria-labelledby"));
      demand(title && title.textContent.trim(), `a section without a title: ${section.id}`);
    }
    for (const table of all("table")) {
      demand(table.caption && table.caption.textContent.trim(), "a table without a caption");
      demand([...table.querySelectorAll("th")].every((th) => th.scope), `a header without a scope: ${table.caption?.textContent}`);
    }
    for (const svg of all("svg")) {
      const words = svg.closest('[role="img"]')?.getAttribute("aria-label") ?? "";
      demand(words.trim().length > 10, `a plot without words: ${svg.closest("figure")?.textContent.slice(0, 60)}`);
    }
    return lacks;
  });
}

// axe leaves words in SVG out.
function svgContrast(page) {
  return page.evaluate(() => {
    const channels = (text) => text.match(/[\d.]+/g).slice(0, 3).map(Number);
    const luminance = (rgb) => {
      const [r, g, b] = rgb.map((c) => c / 255).map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const background = luminance(channels(getComputedStyle(document.body).backgroundColor));
    const poor = new Set();
    for (const text of document.querySelectorAll("svg text")) {
      const words = luminance(channels(getComputedStyle(text).fill));
      const ratio = (Math.max(words, background) + 0.05) / (Math.min(words, background) + 0.05);
      if (ratio < 4.5) poor.add(`${getComputedStyle(text).fill} ${ratio.toFixed(1)}`);
    }
    return [...poor];
  });
}

async function withoutScripts(url) {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  const messages = [];
  page.on("console", (message) => messages.push(message.text()));
  await page.goto(url);
  // With the policy in force: a complaint would mean that it forbids the page's own style.
  expect(messages.length === 0, `the policy allows all that the page needs: ${messages.join(" | ")}`);
  expect(await page.locator("h1").isVisible(), "the verdict shows without scripts");
  // A service that could not be examined has none.
  const wanted = (await page.locator("body:not(.docs) section").count()) > 0;
  expect(!wanted || (await page.locator("svg:visible").count()) > 0, "plots show without scripts");
  await context.close();
}

// Where a page can be searched, what does not fit goes; the page's own policy is in force.
async function finds(url) {
  const page = await browser.newPage();
  const messages = [];
  page.on("console", (message) => messages.push(message.text()));
  await page.goto(url);
  if ((await page.locator("#find").count()) > 0) {
    const shown = () => page.locator(".names li:visible").count();
    const all = await shown();
    const name = await page.locator(".names li code").first().textContent();
    await page.locator("#find").fill(name.toUpperCase());
    expect((await shown()) > 0, `${name} is found`);
    await page.locator("#find").fill("no such name at all");
    expect((await shown()) === 0, "what is not there is not found");
    await page.locator("#find").fill("");
    expect((await shown()) === all, "nothing asked for shows all");
    expect(messages.length === 0, `the policy allows the search: ${messages.join(" | ")}`);
  }
  await page.close();
}

async function printed(url) {
  const context = await browser.newContext({ colorScheme: "dark" });
  const page = await context.newPage();
  await page.goto(url);
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  expect(background === "rgb(255, 255, 255)", `print is black on white: ${background}`);
  const pdf = await page.pdf({ path: `${pictures}/${basename(dirname(new URL(url).pathname))}.pdf`, format: "A4" });
  expect(pdf.length > 1000, "the page prints");
  if ((await page.locator("body.grade").count()) > 0) {
    const sheets = pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
    expect(sheets <= 2, `a grade is printed on two pages, not ${sheets}`);
  }
  await context.close();
}
