"use strict";
// Asks the control listener once a second what is going on, and writes it down as text only. The verdict reads
// everything that was kept, so it is asked for less often.

const EVERY_MS = 1000;
const VERDICT_EVERY = 5;

const byId = (id) => document.getElementById(id);
let token = decodeURIComponent(location.hash.slice(1));
let paused = false;
let turn = 0;

function element(name, text, className) {
  const made = document.createElement(name);
  made.textContent = text;
  if (className) made.className = className;
  return made;
}

async function ask(path) {
  const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` }, cache: "no-store" });
  if (answer.status === 401) throw new Error("token");
  if (!answer.ok) throw new Error(`the mock answered ${answer.status}`);
  return answer.json();
}

const count = (number) => number.toLocaleString("en");
const dollars = (pico) => `$${(pico / 1e12).toFixed(6)}`;
const seconds = (ms) => `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 0)} s`;

function showTotals(totals) {
  const refused = Object.entries(totals.by_status).filter(([status]) => status !== "200");
  const tokens = totals.usage;
  const read = tokens.input_tokens + tokens.cache_read_tokens + tokens.cache_write_5m_tokens + tokens.cache_write_1h_tokens;
  const figures = [
    ["In flight", count(totals.in_flight)],
    ["Calls", count(totals.attempts)],
    ["Answered 200", count(totals.by_status["200"] ?? 0)],
    ["Refused", refused.map(([status, n]) => `${count(n)} × ${status}`).join(", ") || "0"],
    ["Tokens in", count(read)],
    ["Tokens out", count(tokens.output_tokens)],
    ["Cost", dollars(totals.cost_pico)],
    ["of it wasted", dollars(totals.wasted_pico)],
  ];
  byId("totals").replaceChildren(...figures.map(([name, value]) => {
    const group = document.createElement("div");
    group.append(element("dt", name), element("dd", value));
    return group;
  }));
}

function level(title, { limit, remaining }) {
  const cell = document.createElement("td");
  const meter = document.createElement("meter");
  Object.assign(meter, { min: 0, max: limit, low: limit * 0.1, optimum: limit, value: remaining });
  meter.setAttribute("aria-label", `${title}: ${count(remaining)} of ${count(limit)} left`);
  cell.append(meter, `${count(remaining)} of ${count(limit)}`);
  return cell;
}

function fill(table, rows, whenEmpty) {
  byId(table).tBodies[0].replaceChildren(...rows);
  byId(table).parentElement.hidden = rows.length === 0;
  byId(whenEmpty).hidden = rows.length > 0;
}

function row(...cells) {
  const made = document.createElement("tr");
  made.append(...cells);
  return made;
}

function showLimits(limits) {
  fill("limits", limits.map((of) => row(
    element("td", of.model), element("td", String(of.customer + 1)),
    level("requests", of.requests), level("input tokens", of.input_tokens), level("output tokens", of.output_tokens),
  )), "no-limits");
}

function showCalls(calls) {
  fill("calls", calls.map((call) => row(
    element("td", seconds(call.ended_ms)), element("td", call.model || "–"),
    element("td", call.status ?? "none", call.status === 200 ? "good" : "bad"),
    element("td", call.ending, call.ending === "complete" ? "" : "bad"),
    element("td", seconds(call.ended_ms - call.arrived_ms)), element("td", count(call.usage.input_tokens)),
    element("td", count(call.usage.output_tokens)), element("td", dollars(call.cost_pico)),
    element("td", call.request_id),
  )), "no-calls");
}

function showVerdict(verdict) {
  byId("verdict").className = verdict.clean ? "good" : "bad";
  byId("verdict").textContent = verdict.clean
    ? `Clean: ${count(verdict.attempts)} calls, nothing found.`
    : `Found in ${count(verdict.attempts)} calls:`;
  byId("findings").replaceChildren(...verdict.findings.map((finding) => {
    const name = finding.rule.replaceAll("_", " ");
    const times = finding.count === 1 ? "once" : `${count(finding.count)} times`;
    return element("li", `${name}, ${times}: ${finding.advice} (${finding.evidence.join(", ")})`);
  }));
}

// Told only when it changes: it is read out.
function say(text) {
  if (byId("state").textContent !== text) byId("state").textContent = text;
}

async function refresh() {
  if (paused) return;
  try {
    const now = await ask("live");
    showTotals(now.totals);
    showLimits(now.limits);
    showCalls(now.last);
    if (turn % VERDICT_EVERY === 0) showVerdict(await ask("verdict"));
    turn += 1;
    byId("ask").hidden = true;
    say("Live: every second, in simulated time.");
  } catch (error) {
    byId("ask").hidden = error.message !== "token";
    say(error.message === "token" ? "The control listener asks for its token." : "The mock does not answer; trying again.");
  }
}

async function forever() {
  await refresh();
  setTimeout(forever, EVERY_MS);
}

byId("pause").addEventListener("click", () => {
  paused = !paused;
  byId("pause").setAttribute("aria-pressed", String(paused));
  say(paused ? "Paused." : "Live: every second, in simulated time.");
});
byId("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  token = byId("token").value.trim();
  refresh();
});
forever();
