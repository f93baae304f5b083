// A page that could not be shown comes back by itself, once all servers answer again.

async function look() {
  try {
    const answer = await fetch("/health", { cache: "no-store" });
    if (answer.ok) location.reload();
  } catch {
    // not yet
  }
}

setInterval(look, 2000);
