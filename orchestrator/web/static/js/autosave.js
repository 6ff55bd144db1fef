// Keeps an answer while it is being written, and lets the box grow where the browser cannot do it itself.
// Without this script the answer is kept when a button is pressed; nothing else is lost.

const IDLE_MS = 1500; // after the last key
const LONGEST_MS = 6000; // while somebody types without a break
const RETRY_MS = 5000;

function grow(box) {
  if (CSS.supports("field-sizing", "content")) return;
  const fit = () => {
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight + 2}px`;
  };
  box.addEventListener("input", fit);
  fit();
}

class Draft {
  constructor(box) {
    this.box = box;
    this.line = document.querySelector("[data-saved]");
    this.words = this.line.querySelector("[data-saved-words]");
    this.live = this.line.querySelector("[data-saved-live]");
    this.kept = box.value;
    this.savedAt = null;
    this.waitingSince = null;
    this.timer = null;
    this.sending = null;
    this.ended = false;

    box.addEventListener("input", () => this.schedule());
    box.addEventListener("blur", () => this.send());
    box.form.addEventListener("submit", () => this.end());
    window.addEventListener("online", () => this.send());
    window.addEventListener("pageshow", () => { this.ended = false; });
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "hidden") this.send({ keepalive: true });
    });
    window.setInterval(() => this.tick(), 1000);
  }

  schedule() {
    this.waitingSince ??= Date.now();
    const left = Math.max(0, this.waitingSince + LONGEST_MS - Date.now());
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.send(), Math.min(IDLE_MS, left));
  }

  // The form itself carries the answer now; a draft that is still under way must not arrive after it.
  end() {
    this.ended = true;
    window.clearTimeout(this.timer);
    this.sending?.abort();
  }

  async send({ keepalive = false } = {}) {
    const text = this.box.value;
    if (this.ended || this.sending || text === this.kept) return;
    window.clearTimeout(this.timer);
    this.waitingSince = null;
    this.sending = new AbortController();
    const body = new URLSearchParams({ answer: text, _csrf_token: this.box.form.elements._csrf_token.value });
    try {
      const answer = await fetch(this.box.dataset.draft, {
        method: "POST", body, keepalive, signal: this.sending.signal, headers: { Accept: "application/json" },
      });
      this.read(answer, text);
    } catch (error) {
      if (error.name !== "AbortError") this.trouble("Not saved yet: there is no connection. We try again by ourselves.");
    } finally {
      this.sending = null;
    }
    if (!this.ended && this.box.value !== this.kept && !this.line.dataset.stopped) this.again();
  }

  again() {
    this.timer = window.setTimeout(() => this.send(), this.line.dataset.trouble ? RETRY_MS : IDLE_MS);
  }

  read(answer, text) {
    if (answer.ok) {
      this.kept = text;
      this.savedAt = Date.now();
      // Said aloud once, and again after a trouble; a voice every few seconds would disturb.
      if (!this.live.textContent || this.line.dataset.trouble) this.live.textContent = "Your answer is saved.";
      delete this.line.dataset.trouble;
      this.tick();
      return;
    }
    if (answer.status === 422 || answer.status === 413) {
      this.kept = text; // sending the same text again would not help
      this.trouble("Not saved: the answer is longer than we can take. Please shorten it.");
    } else if (answer.status === 404 || answer.status === 409 || answer.status === 403) {
      this.line.dataset.stopped = "yes";
      this.trouble("Not saved: this page is out of date. Copy your text, then load the page again.");
    } else {
      this.trouble("Not saved yet. We try again by ourselves.");
    }
  }

  trouble(words) {
    if (this.line.dataset.trouble !== words) this.live.textContent = words;
    this.line.dataset.trouble = words;
    this.words.textContent = words;
  }

  tick() {
    if (this.savedAt === null || this.line.dataset.trouble) return;
    const seconds = Math.round((Date.now() - this.savedAt) / 1000);
    if (seconds < 3) this.words.textContent = "Saved";
    else if (seconds < 60) this.words.textContent = `Saved ${seconds} s ago`;
    else this.words.textContent = `Saved ${Math.floor(seconds / 60)} min ago`;
  }
}

for (const box of document.querySelectorAll("[data-grow]")) grow(box);
for (const box of document.querySelectorAll("[data-draft]")) new Draft(box);
