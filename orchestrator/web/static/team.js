// Keyboard comforts for the team's pages. Every page works without this file.
// Single keys can disturb speech input and screen readers, so the switch in the foot turns them off for good (WCAG 2.1.4).

const STORE = "evenhand-keys";
const root = document.documentElement;
const keySwitch = document.querySelector("[data-keys-switch]");
const rows = [...document.querySelectorAll("[data-rows] .team-row")];

function remembered() {
  try {
    return localStorage.getItem(STORE) !== "off";
  } catch {
    return true; // storage may be closed to us; the keys then work for this page
  }
}

function show(on) {
  root.dataset.keys = on ? "on" : "off";
  keySwitch.setAttribute("aria-pressed", String(on));
  for (const hint of document.querySelectorAll("[data-keys-hint]")) hint.hidden = !on;
}

if (keySwitch) {
  keySwitch.hidden = false;
  show(remembered());
  keySwitch.addEventListener("click", () => {
    const on = root.dataset.keys !== "on";
    try {
      localStorage.setItem(STORE, on ? "on" : "off");
    } catch {
      // nothing to keep it in
    }
    show(on);
  });
}

function typing(target) {
  return target.closest("input, textarea, select, [contenteditable]") !== null;
}

function walk(step) {
  const at = rows.indexOf(document.activeElement);
  const next = at < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(at + step, 0), rows.length - 1);
  rows[next].focus();
}

document.addEventListener("keydown", (event) => {
  if (root.dataset.keys !== "on" || event.defaultPrevented || event.repeat && !"jk".includes(event.key)) return;
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  if (rows.length && (event.key === "j" || event.key === "k")) {
    event.preventDefault();
    walk(event.key === "j" ? 1 : -1);
    return;
  }
  const wanted = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  if (!wanted) return;
  event.preventDefault();
  const field = wanted.dataset.keyFocus && document.getElementById(wanted.dataset.keyFocus);
  if (field) field.focus();
  else wanted.click();
});

// A quote opens in the conversation beside it; the page itself stays where it is.
for (const link of document.querySelectorAll('a[href^="#"]')) {
  const mark = document.getElementById(decodeURIComponent(link.hash.slice(1)));
  if (!mark?.closest(".team-turn")) continue;
  link.addEventListener("click", (event) => {
    event.preventDefault();
    for (const shown of document.querySelectorAll("[data-shown]")) delete shown.dataset.shown;
    for (let fold = mark.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    mark.dataset.shown = "";
    const column = mark.closest(".team-case__talk");
    if (column && column.scrollHeight > column.clientHeight) {
      column.scrollTop += mark.getBoundingClientRect().top - column.getBoundingClientRect().top - column.clientHeight / 3;
      mark.focus({ preventScroll: true });
    } else {
      mark.scrollIntoView({ block: "center" });
      mark.focus({ preventScroll: true });
    }
  });
}

// How long a decision can still be taken back, by the server's clock; where its time is over, so is the offer.
for (const left of document.querySelectorAll("[data-held-until]")) {
  const until = Date.parse(left.dataset.heldUntil) + Date.now() - Date.parse(left.dataset.heldNow);
  const tick = () => {
    const seconds = Math.ceil((until - Date.now()) / 1000);
    if (seconds > 0) {
      left.textContent = `It can be taken back for ${seconds} s. Nothing has left Evenhand yet.`;
      setTimeout(tick, 1000);
      return;
    }
    left.textContent = "It becomes final now.";
    const button = left.closest("[data-held]")?.querySelector("button");
    if (button) {
      button.disabled = true;
      delete button.dataset.key;
    }
  };
  tick();
}

// From the reason, Ctrl+Enter sends the form that it belongs to.
for (const words of document.querySelectorAll("textarea[name=reason]")) {
  words.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    event.preventDefault();
    words.form.requestSubmit();
  });
}

// Exact times in the reader's own time zone, where a page says "3 h".
for (const time of document.querySelectorAll("time[title]:not([data-when])")) {
  const at = new Date(time.dateTime);
  time.title = new Intl.DateTimeFormat(navigator.language, { dateStyle: "full", timeStyle: "short" }).format(at);
}
