"use strict";
const byId = (id) => document.getElementById(id);
const say = (name) => chrome.i18n.getMessage(name);
const ask = (asked) => chrome.runtime.sendMessage(asked);

document.documentElement.lang = chrome.i18n.getUILanguage();
byId("code-label").textContent = say("code");
byId("pair").textContent = say("pair");
byId("save").textContent = say("save");

// The desk's inbox reads HAR: the same parts, as a file.
function save(taken) {
  const entries = taken.parts.map((part) => ({
    startedDateTime: part.at, request: { method: "GET", url: part.url }, response: { status: 200, content: { mimeType: part.type, text: part.body } },
  }));
  const text = JSON.stringify({ log: { version: "1.2", creator: { name: "trendscout clip", version: chrome.runtime.getManifest().version }, entries } });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
  link.download = `clip-${new URL(taken.url).hostname}-${taken.at.replace(/[^0-9]/g, "").slice(0, 14)}.har`;
  link.click();
}

async function take(tab) {
  byId("said").textContent = say("taking");
  const said = await ask({ do: "take", tab });
  byId("said").textContent = said.text;
  byId("save").hidden = !said.file;
  byId("save").onclick = () => save(said.file);
}

(async () => {
  const { paired } = await ask({ do: "paired" });
  byId("pairing").hidden = paired;
  byId("pairing").addEventListener("submit", async (event) => {
    event.preventDefault();
    const said = await ask({ do: "pair", code: byId("code").value });
    byId("said").textContent = said.text;
    byId("pairing").hidden = Boolean(said.ok);
  });
  if (!paired) { byId("said").textContent = say("not_paired"); return; }
  ask({ do: "send" });
  const [tab] = await chrome.tabs.query({ active: true, currentWindow: true });
  let site = null;
  try { site = TRENDSCOUT.siteOf(new URL(tab.url)); } catch { /* no page */ }
  if (!site) { byId("said").textContent = say("unknown_site"); return; }
  const origins = site.pages;
  if (await chrome.permissions.contains({ origins })) { await take(tab.id); byId("take").textContent = say("take"); } else { byId("take").textContent = say("allow"); }
  byId("take").hidden = false;
  byId("take").addEventListener("click", async () => {
    const had = await chrome.permissions.contains({ origins });
    if (!(await chrome.permissions.request({ origins }))) return;
    await take(tab.id);
    if (!had && site.replies.length) byId("said").textContent += " " + say("reload");
  });
})();
