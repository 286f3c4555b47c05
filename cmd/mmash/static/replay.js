"use strict";
// What a page of an archive has instead of the stream: a range that is read from
// the archive, and the controls of it.
const SHORTEST = 1; // seconds that a range has at the least

const replay = {
  bounds: null, // of the archive and of the range, as the server has them
  zooms: 0, // ranges that were zoomed into, one from the other

  element(id) { return document.getElementById(id); },

  // start makes the controls work.
  start(recording) {
    this.recording = recording;
    for (const button of this.element("lengths").children) button.addEventListener("click", () => this.setLength(Number(button.dataset.seconds)));
    this.element("show").addEventListener("click", () => this.showFields());
    for (const id of ["from", "to"]) this.element(id).addEventListener("keydown", event => event.key === "Enter" && this.showFields());
    this.element("earlier").addEventListener("click", () => this.move(-1));
    this.element("later").addEventListener("click", () => this.move(1));
    this.element("end").addEventListener("click", () => this.follow(this.length));
    page.key("[", "an earlier range", () => this.move(-1));
    page.key("]", "a later range", () => this.move(1));
    page.key("e", "the end of the archive", () => this.follow(this.length));
  },

  get length() { return this.bounds ? Math.max(SHORTEST, this.bounds.to - this.bounds.from) : 600; },

  // show reads a range, in seconds since 1970. One up to the end of the archive
  // follows it: when it is read again, it has what was recorded since.
  show(from, to) {
    const { first, last } = this.bounds || { first: -Infinity, last: Infinity };
    if (to >= last && from > first) return this.follow(last - from);
    this.go({ from: timeText(from), to: to >= last ? "" : timeText(to) });
  },

  // follow reads so many seconds up to the end of the archive.
  follow(seconds) { this.go({ from: `-${Math.max(SHORTEST, Math.round(seconds))}s`, to: "" }); },

  go(changes) {
    page.remember(changes);
    this.recording.reopen();
  },

  // setLength reads so many seconds up to where the range ends, or all for 0.
  setLength(seconds) {
    if (!this.bounds) return;
    if (seconds === 0) this.show(this.bounds.first, this.bounds.last);
    else this.show(this.bounds.to - seconds, this.bounds.to);
  },

  move(by) {
    if (!this.bounds) return;
    const { first, last, from, to } = this.bounds, length = this.length;
    const start = Math.min(Math.max(first, from + by * length), Math.max(first, last - length));
    if (by < 0 && from <= first || by > 0 && to >= last) return;
    this.show(start, start + length);
  },

  showFields() {
    const [from, to] = ["from", "to"].map(id => new Date(this.element(id).value).getTime() / 1000);
    if (!Number.isFinite(from) || !Number.isFinite(to)) return this.say("A range needs a date and a time at both ends.", true);
    // What the fields show in whole seconds stays exact where nobody changed it.
    const exact = (seconds, was) => Math.floor(was) === seconds ? was : seconds;
    const { bounds } = this;
    this.show(bounds ? exact(from, bounds.from) : from, bounds ? exact(to, bounds.to) : to);
  },

  // zoom reads a part of the range; without one, the range before.
  zoom(part) {
    if (part) {
      this.zooms++;
      this.show(part.from, part.to);
    } else if (this.zooms > 0) {
      this.zooms--;
      history.back();
    }
  },

  // take is the event archive.
  take(event) {
    this.bounds = event;
    page.setRange(this.length);
    for (const id of ["from", "to"]) this.element(id).value = dateText(event[id]).replace(" ", "T");
    for (const button of this.element("lengths").children) {
      const seconds = Number(button.dataset.seconds) || event.last - event.first;
      setClass(button, "on", Math.abs(seconds - this.length) < Math.max(1, this.length / 100));
    }
    this.element("earlier").disabled = event.from <= event.first;
    this.element("later").disabled = this.element("end").disabled = event.to >= event.last;
    document.querySelector(".damage")?.remove();
    if (event.damaged) document.querySelector("header").after(el("div", { class: "banner damage", role: "note" },
      (event.damaged > 1 ? `${event.damaged} parts of the archive are damaged, the first: ` : "The archive is damaged: ") + event.damage));
  },

  // say shows what is under way, or went wrong.
  say(text, wrong = false) {
    const said = this.element("said");
    setText(said, text);
    setClass(said, "wrong", wrong);
    setClass(document.body, "reading", text !== "");
  },

  // setTime shows the time of the last record of the range.
  setTime(time) {
    const button = this.element("pause");
    setText(button.querySelector(".wide"), "Recorded " + dateText(time));
    setText(button.querySelector(".narrow"), dateText(time).slice(5));
  },
};

// timeText returns a time for an address.
function timeText(seconds) { return new Date(seconds * 1000).toISOString().replace(".000Z", "Z"); }

// inLocalTime replaces the times in a text of the server.
function inLocalTime(text) { return text.replace(/\d{4}-\d\d-\d\dT[\d:]+Z/g, time => dateText(Date.parse(time) / 1000)); }

// events yields the server-sent events of a body, each with its name.
async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; ;) {
    const { done, value } = await reader.read();
    if (done) return;
    const searched = Math.max(0, text.length - 1);
    text += value;
    for (let end, from = searched; (end = text.indexOf("\n\n", from)) >= 0; from = 0) {
      const lines = text.slice(0, end).split("\n");
      text = text.slice(end + 2);
      const line = name => lines.find(line => line.startsWith(name))?.slice(name.length);
      if (line("event: ")) yield [line("event: "), JSON.parse(line("data: "))];
    }
  }
}

// A Recording reads the range of the address from the archive. It stands for a
// Connection.
class Recording {
  constructor(url, on) {
    this.url = url;
    this.on = on;
    replay.start(this);
    this.reopen();
  }

  // reopen reads the range. Where the server is too busy, it tries once again.
  async reopen(again = true) {
    this.abort?.abort();
    clearTimeout(this.retry);
    const abort = this.abort = new AbortController();
    replay.say("Reading …");
    try {
      const answer = await fetch(this.address(), { signal: abort.signal });
      if (!answer.ok) {
        const { error } = await answer.json(), wait = Number(answer.headers.get("Retry-After"));
        if (answer.status !== 503 || !again) throw new Error(error);
        this.retry = setTimeout(() => this.reopen(false), wait * 1000);
        return replay.say(`${error}: trying again in ${wait} s`);
      }
      let ended = false;
      for await (const [name, event] of events(answer.body)) {
        if (abort.signal.aborted) return;
        ended ||= name === "end";
        this.take(name, event);
      }
      if (!ended) throw new Error("mmash ended");
      replay.say("");
    } catch (error) {
      if (abort.signal.aborted) return;
      replay.say(error instanceof TypeError ? "mmash does not answer." : inLocalTime(error.message), true);
    }
  }

  take(name, event) {
    if (name === "progress") replay.say(`Reading ${Math.round(event.part * 100)} %`);
    else if (name === "failed") throw new Error(event.error);
    else if (name === "archive") {
      store.forget();
      this.on.forget();
      replay.take(event);
    } else if (name !== "end") this.on[name](event);
    if (name === "tick") replay.setTime(event.time);
  }

  // address adds the range to the address of the events.
  address() {
    let address = this.url();
    for (const key of ["from", "to"]) if (page.params.get(key)) address += `&${key}=${encodeURIComponent(page.params.get(key))}`;
    return address;
  }

  // pause reads the range again.
  pause() { this.reopen(); }
}
