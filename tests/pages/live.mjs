// Reads the live page of the mock's control listener as people do, while a client runs: live.mjs CHROMIUM MOCK-CLAUDE
import { spawn } from "node:child_process";
import { readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { chromium } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const [browserPath, program] = process.argv.slice(2);
const pictures = resolve("target/pages/pictures");
mkdirSync(pictures, { recursive: true });
let failures = 0;
const expect = (holds, what) => {
  if (!holds) {
    failures += 1;
    console.error(`  FAILED ${what}`);
  }
};

const mock = spawn(program, ["--listen", "127.0.0.1:0", "--control", "127.0.0.1:0", "--preset", "start", "--latency", "none", "--quiet"]);
let words = "";
const [api, live] = await new Promise((done) => {
  mock.stdout.on("data", (data) => {
    words += data;
    const api = words.match(/^listening on (\S+)$/m);
    const live = words.match(/^live page: (\S+)$/m);
    if (api && live) done([api[1], live[1]]);
  });
});

// To ask again at once after a 403 is a finding of the verdict.
async function ask(fault) {
  const headers = { "x-api-key": "key", "anthropic-version": "2023-06-01", "content-type": "application/json" };
  if (fault) headers["x-mock-fault"] = fault;
  const messages = [{ role: "user", content: "def alpha(x):\n    return x\n" }];
  const body = JSON.stringify({ model: "claude-sonnet-5", max_tokens: 500, messages });
  await (await fetch(`${api}/v1/messages`, { method: "POST", headers, body })).text();
}
for (let i = 0; i < 12; i += 1) await ask(i === 3 ? "permission" : undefined);

const browser = await chromium.launch({ executablePath: browserPath, args: ["--no-sandbox", "--disable-gpu"] });
try {
  for (const width of [1280, 360]) {
    for (const colorScheme of ["light", "dark"]) {
      console.log(`the live page, ${width} px, ${colorScheme}`);
      await look({ width, colorScheme });
    }
  }
  await withoutToken();
} finally {
  await browser.close();
  mock.kill();
}
console.log(failures === 0 ? "the live page is fine" : `${failures} failures`);
process.exit(failures === 0 ? 0 : 1);

async function look({ width, colorScheme }) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme });
  const page = await context.newPage();
  const messages = [];
  const foreign = [];
  page.on("console", (message) => messages.push(message.text()));
  page.on("pageerror", (error) => messages.push(String(error)));
  page.on("request", (request) => {
    if (!request.url().startsWith(new URL(live).origin) && !request.url().startsWith("data:")) foreign.push(request.url());
  });
  await page.goto(live);
  await page.locator("#findings li").first().waitFor();
  const before = await page.locator("#calls tbody tr").count();
  expect(before >= 12, "the last calls stand there");
  expect((await page.locator("#limits meter").count()) === 3, "three limits of one customer");
  expect((await page.locator("#totals").innerText()).includes("1 × 403"), "what was refused is counted");
  await ask();
  await page.waitForFunction((count) => document.querySelectorAll("#calls tbody tr").length > count, before);
  // By keyboard alone: the first stop is the button, and it pauses.
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  expect((await page.locator("#state").innerText()) === "Paused.", "the page can be paused by keyboard");
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  expect(overflow <= 0, `no sideways scrolling, ${overflow} px too wide`);
  expect(messages.length === 0, `console is silent: ${messages.join(" | ")}`);
  expect(foreign.length === 0, `nothing else is loaded: ${foreign.join(" ")}`);
  await page.screenshot({ path: `${pictures}/live-${width}-${colorScheme}.png`, fullPage: true });
  await context.close();
  await accessible({ width, colorScheme });
}

// The page's policy forbids the checker's script, so it is lifted for the checker alone.
async function accessible({ width, colorScheme }) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
  const page = await context.newPage();
  await page.goto(live);
  await page.locator("#findings li").first().waitFor();
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document));
  for (const { id, help, nodes } of violations) {
    expect(false, `accessibility, ${id}: ${help} (${nodes.length}×, first: ${nodes[0].html.slice(0, 160)})`);
  }
  await context.close();
}

async function withoutToken() {
  const page = await browser.newPage();
  const [address, token] = live.split("#");
  await page.goto(address);
  await page.locator("#token").fill("wrong");
  await page.keyboard.press("Enter");
  expect(await page.locator("#ask").isVisible(), "a wrong token shows nothing");
  await page.locator("#token").fill(token);
  await page.keyboard.press("Enter");
  await page.locator("#calls tbody tr").first().waitFor();
  expect(!(await page.locator("#ask").isVisible()), "the token lets in");
  await page.close();
}
