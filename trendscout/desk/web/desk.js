"use strict";
(() => {
  const { root, token, file } = document.body.dataset;
  const byId = (id) => document.getElementById(id);
  const made = (tag, text) => { const one = document.createElement(tag); one.textContent = text; return one; };

  // A choice is made when it is chosen; what is typed waits for Enter.
  const filters = byId("filters");
  if (filters) {
    for (const one of filters.querySelectorAll("select")) one.addEventListener("change", () => filters.requestSubmit());
    filters.addEventListener("formdata", (event) => {
      for (const [name, value] of [...event.formData]) if (!value || (name === "sort" && value === "score")) event.formData.delete(name);
    });
  }

  // The switch leads away from what is shown, also where that is the system's choice and the server knows nothing of it.
  const theme = byId("theme"), shown = document.documentElement.dataset.theme;
  if (theme) {
    const dark = shown ? shown === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    const to = new URL(theme.href);
    to.searchParams.set("theme", dark ? "light" : "dark");
    theme.href = to.href;
  }

  // Pictures are the only thing asked of the outside, when they come near; one that fails leaves its empty frame.
  for (const image of document.querySelectorAll("img[data-src]")) {
    image.addEventListener("error", () => image.remove());
    image.src = image.dataset.src;
  }
  for (const one of document.querySelectorAll(".scroll")) if (one.querySelector(".day, svg")) one.scrollLeft = one.scrollWidth;

  // A curve as a picture: what the style sheet says is written into it first.
  const STYLES = ["fill", "stroke", "stroke-width", "fill-opacity", "stroke-dasharray", "vector-effect", "font-size", "font-family"];
  for (const button of document.querySelectorAll(".png")) {
    button.addEventListener("click", () => {
      const svg = button.closest("figure").querySelector("svg");
      const copy = svg.cloneNode(true);
      const from = [svg, ...svg.querySelectorAll("*")];
      [copy, ...copy.querySelectorAll("*")].forEach((one, at) => {
        const style = getComputedStyle(from[at]);
        for (const name of STYLES) one.setAttribute(name, style.getPropertyValue(name));
      });
      copy.setAttribute("xmlns", "http://www.w3.org/2000/svg");
      const image = new Image();
      image.addEventListener("load", () => {
        const canvas = document.createElement("canvas");
        canvas.width = 2 * image.width;
        canvas.height = 2 * image.height;
        const paper = canvas.getContext("2d");
        paper.fillStyle = getComputedStyle(document.body).backgroundColor;
        paper.fillRect(0, 0, canvas.width, canvas.height);
        paper.drawImage(image, 0, 0, canvas.width, canvas.height);
        const link = document.createElement("a");
        link.href = canvas.toDataURL("image/png");
        link.download = "curve-" + button.dataset.name.replace(/[^A-Za-z0-9]+/g, "-") + ".png";
        link.click();
      });
      image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(new XMLSerializer().serializeToString(copy));
    });
  }

  // The inbox: each file is sent by itself, one after the other.
  const input = byId("files");
  async function send(files) {
    for (const one of files) {
      byId("sending").textContent = one.name + " …";
      const reply = await fetch(root + "/inbox?name=" + encodeURIComponent(one.name), {
        method: "POST", body: one, headers: { "x-desk-token": token, "content-type": "application/octet-stream" },
      }).catch(() => null);
      const why = reply && !reply.ok ? await reply.json().then((said) => said.why, () => reply.statusText) : "";
      byId("sending").textContent = reply && reply.ok ? one.name + " ✓" : one.name + " ✕ " + why;
    }
    input.value = "";
  }
  if (input) {
    const drop = input.closest(".drop");
    input.addEventListener("change", () => send([...input.files]));
    if (input.files.length) send([...input.files]);  // chosen before this script had run
    for (const name of ["dragenter", "dragover"]) document.addEventListener(name, (event) => { event.preventDefault(); drop.classList.add("over"); });
    for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => drop.classList.remove("over"));
    document.addEventListener("drop", (event) => { event.preventDefault(); send([...event.dataTransfer.files]); });
    byId("show").addEventListener("click", () => { byId("pairing").hidden = false; byId("show").hidden = true; });
  }

  // What the worker does. A newer read file is offered, not forced upon who reads.
  const events = new EventSource(root + "/progress");
  addEventListener("pagehide", () => events.close());
  events.addEventListener("message", (event) => {
    const state = JSON.parse(event.data);
    const newer = byId("newer");
    if (newer && state.file && state.file !== file) newer.hidden = false;
    if (!newer && state.file) location.reload();  // there was nothing, and now there is
    const tasks = byId("tasks");
    if (tasks) {
      tasks.replaceChildren(...state.tasks.map((task) => {
        const line = made("li", task.name + " · " + task.state_text + (task.detail ? " · " + task.detail : ""));
        if (task.all && task.state === "running") {
          const bar = document.createElement("progress");
          bar.max = task.all;
          bar.value = task.done;
          bar.setAttribute("aria-label", task.name);
          line.append(" ", bar, " " + task.done + "/" + task.all);
        }
        return line;
      }));
    }
    const taken = byId("taken");
    if (taken) {
      taken.replaceChildren(...state.taken.map((one) => {
        const line = made("li", one.name + ": ");
        const status = made("b", one.status_text);
        status.className = "c-" + (one.status === "left" || one.status === "refused" ? "failed" : one.status);
        line.append(status, " " + [one.entries || "", one.lists.join(", "), one.reason].filter(Boolean).join(" · "));
        return line;
      }));
    }
  });
})();
