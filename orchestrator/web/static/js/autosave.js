// Keeps an answer while it is being written, and lets the box grow where the browser cannot do it itself.
// Without this script the answer is kept when a button is pressed; nothing else is lost.

const IDLE_MS = 1500; // after the last key
const LONGEST_MS = 6000; // while somebody types without a break
const RETRY_MS = 5000;
const LEAVE_MS = 3000; // how long a button waits for a draft that is under way

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
    this.reload = this.line.querySelector("[data-saved-reload]");
    this.revision = box.form.elements.revision;
    this.kept = box.value;
    this.sent = new Set(); // texts that may have arrived although no answer came back
    this.savedAt = null;
    this.waitingSince = null;
    this.timer = null;
    this.sending = null;
    this.done = null;
    this.ended = false;

    box.addEventListener("input", () => this.schedule());
    box.addEventListener("blur", () => this.send());
    box.form.addEventListener("submit", (event) => this.end(event));
    window.addEventListener("online", () => this.send());
    window.addEventListener("pageshow", (event) => {
      // Shown again from memory after its text was sent: only the server knows the newest answer.
      if (event.persisted && this.ended) window.location.reload();
    });
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

  // The form itself carries the answer now. A draft that is under way is waited for: the form must say what it replaces.
  end(event) {
    window.clearTimeout(this.timer);
    if (this.sending) {
      event.preventDefault();
      if (!this.ended) this.leave(event.submitter);
    }
    this.ended = true;
  }

  async leave(submitter) {
    const form = this.box.form;
    await Promise.race([this.done, new Promise((resolve) => { window.setTimeout(resolve, LEAVE_MS); })]);
    this.sending?.abort();
    this.sending = null;
    delete form.dataset.sent;
    form.requestSubmit(submitter);
  }

  send({ keepalive = false } = {}) {
    const text = this.box.value;
    if (this.ended || this.sending || this.line.dataset.stopped || text === this.kept) return;
    window.clearTimeout(this.timer);
    this.waitingSince = null;
    this.sending = new AbortController();
    this.done = this.deliver(text, keepalive);
  }

  async deliver(text, keepalive) {
    this.sent.add(text);
    const token = this.box.form.elements._csrf_token.value;
    const body = new URLSearchParams({ answer: text, revision: this.revision.value, _csrf_token: token });
    try {
      const answer = await fetch(this.box.dataset.draft, {
        method: "POST", body, keepalive, signal: this.sending.signal, headers: { Accept: "application/json" },
      });
      await this.read(answer, text);
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

  async read(answer, text) {
    if (answer.ok) {
      this.revision.value = (await answer.json()).revision;
      this.sent.clear();
      this.kept = text;
      this.savedAt = Date.now();
      // Said aloud once, and again after a trouble; a voice every few seconds would disturb.
      if (!this.live.textContent || this.line.dataset.trouble) this.live.textContent = "Your answer is saved.";
      delete this.line.dataset.trouble;
      this.tick();
      return;
    }
    const saved = answer.status === 409 ? (await answer.json()).saved : undefined;
    if (saved && this.sent.has(saved.answer)) {
      // No other device: an earlier draft of ours arrived although its answer was lost. We go on from there.
      this.revision.value = saved.revision;
      this.kept = saved.answer;
    } else if (saved) {
      this.line.dataset.stopped = "yes";
      this.reload.hidden = false;
      this.trouble("Changed on another device. Your text here is not saved; the buttons below show you both.");
    } else if (answer.status === 422 || answer.status === 413) {
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
