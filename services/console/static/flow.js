import { age, count, rate, size } from "./format.js";
import { mark, rows, show, write } from "./live.js";

const node = (selector) => document.querySelector(selector);
const text = (name, value) => write(node(`[data-text="${name}"]`), value);

function cells(number) {
  const row = document.createElement("tr");
  for (let at = 0; at < number; at += 1) row.append(document.createElement("td"));
  return row;
}

function processRow() {
  const row = cells(6);
  row.children[1].className = "name";
  for (const at of [3, 4, 5]) row.children[at].className = "n";
  const health = document.createElement("span");
  health.className = "health";
  const problems = document.createElement("span");
  problems.className = "quiet";
  row.children[2].append(health, " ", problems);
  return row;
}

function fillProcess(row, { stage, process }) {
  const [where, name, state, speed, pending, idle] = row.children;
  write(where, stage);
  write(name, process.name);
  mark(state.firstElementChild, "health", process.health);
  write(state.firstElementChild, process.health);
  write(state.lastElementChild, process.problems.join("; "));
  write(speed, rate(process.rate));
  write(pending, count(process.pending));
  write(idle, age(process.idle_seconds));
}

function readingRow() {
  const row = document.createElement("li");
  const about = document.createElement("span");
  about.className = "quiet";
  row.append(document.createElement("span"), " ", about);
  return row;
}

function fillReading(row, file) {
  write(row.firstElementChild, file.path);
  write(row.lastElementChild, `${size(file.bytes_read)} of ${size(file.size)}, ${count(file.records)} records`);
}

function draw(flow) {
  mark(node(".state"), "ok", flow.ok ? "yes" : "no");
  text("summary", flow.ok ? "All is well" : "Not well");
  const problems = node('[data-list="problems"]');
  rows(problems, flow.problems, (one) => one, () => document.createElement("li"), write);
  show(problems, flow.problems.length > 0);
  text("complete", count(flow.files_complete));
  text("arriving", count(flow.files_arriving));
  text("failed", count(flow.files_failed));
  text("documents", count(flow.documents));
  text("documents.rate", rate(flow.documents_rate));
  text("published.rate", rate(flow.published_rate));
  text("dead", count(flow.dead));
  text("dead.rate", rate(flow.dead_rate));
  for (const stage of flow.stages) {
    mark(node(`[data-stage="${stage.stage}"]`), "health", stage.health);
    mark(node(`[data-stage="${stage.stage}"]`), "flowing", stage.rate ? "yes" : "no");
    text(`${stage.stage}.health`, stage.health);
    text(`${stage.stage}.rate`, rate(stage.rate));
    text(`${stage.stage}.lag`, count(stage.lag));
    text(`${stage.stage}.pending`, count(stage.pending));
    text(`${stage.stage}.oldest`, age(stage.oldest_seconds));
  }
  const processes = flow.stages.flatMap(({ stage, processes: some }) => some.map((process) => ({ stage, process })));
  rows(node('[data-rows="processes"]'), processes, (one) => `${one.stage} ${one.process.name}`, processRow, fillProcess);
  show(node('[data-empty="processes"]'), processes.length === 0);
  rows(node('[data-rows="reading"]'), flow.reading, (one) => one.path, readingRow, fillReading);
  show(node('[data-list="reading"]'), flow.reading.length > 0);
}

async function poll() {
  try {
    const answer = await fetch("/api/flow");
    if (answer.ok) draw(await answer.json());
  } finally {
    setTimeout(poll, 5000);
  }
}

const events = new EventSource("/api/flow/events");
events.addEventListener("flow", (event) => draw(JSON.parse(event.data)));
events.addEventListener("error", () => {
  text("summary", "The console does not answer");
  mark(node(".state"), "ok", "no");
  // Refused for good (too many listen): the browser does not try again, so ask now and then.
  if (events.readyState === EventSource.CLOSED) setTimeout(poll, 5000);
});
