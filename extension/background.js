"use strict";
importScripts("sites.js", "rules.js");
const PROTOCOL = 1;
const MAX_WAITING = 12, MAX_WAITING_SIZE = 8_000_000;  // of the 10 MB that an extension may keep
const say = (name, ...values) => chrome.i18n.getMessage(name, values.map(String));

// --- the desk ---

async function desk() {
  const { paired } = await chrome.storage.local.get("paired");
  return paired || null;
}

// What the desk answers; null where it is not open.
async function ask(paired, content) {
  try {
    const reply = await fetch(`http://127.0.0.1:${paired.port}/${paired.folder}/clip`, {
      method: "POST", credentials: "omit", redirect: "error",
      headers: { authorization: "Bearer " + paired.key, "content-type": "application/json" },
      body: JSON.stringify({ protocol: PROTOCOL, version: chrome.runtime.getManifest().version, lang: chrome.i18n.getUILanguage(), ...content }),
    });
    const said = await reply.json().catch(() => ({}));
    return { ...said, ok: reply.ok, status: reply.status };
  } catch {
    return null;
  }
}

async function pair(code) {
  const found = /^\s*(\d{1,5})\.([\w-]{8,64})\.([\w-]{20,100})\s*$/.exec(code);
  if (!found) return { text: say("bad_code") };
  const paired = { port: Number(found[1]), folder: found[2], key: found[3] };
  const said = await ask(paired, { hello: true });
  if (!said || !said.ok) return { text: said && said.why ? say("failed", said.why) : say("bad_code") };
  await chrome.storage.local.set({ paired });
  await sendWaiting();
  return { text: say("paired"), ok: true };
}

// --- sites ---

// Once a site is allowed, what its scripts load is kept in its own tab until the user asks for it.
async function watch() {
  const { origins = [] } = await chrome.permissions.getAll();
  const allowed = TRENDSCOUT_SITES.sites.flatMap((site) => site.pages).filter((pattern) => origins.includes(pattern));
  await chrome.scripting.unregisterContentScripts().catch(() => {});
  if (!allowed.length) return;
  const shared = { matches: allowed, runAt: "document_start", allFrames: false, persistAcrossSessions: true };
  await chrome.scripting.registerContentScripts([
    { ...shared, id: "capture", js: ["in_page.js"], world: "MAIN" },
    { ...shared, id: "reader", js: ["sites.js", "rules.js", "reader.js"] },
  ]);
}
let watching = watch();
chrome.permissions.onAdded.addListener(() => { watching = watch(); });
chrome.permissions.onRemoved.addListener(() => { watching = watch(); });

// --- clips ---

async function clip(tabId) {
  const paired = await desk();
  if (!paired) return { text: say("not_paired") };
  const tab = await chrome.tabs.get(tabId);
  let url;
  try { url = new URL(tab.url); } catch { return { text: say("unknown_site") }; }
  if (!TRENDSCOUT.siteOf(url)) return { text: say("unknown_site") };
  const target = { tabId };
  await chrome.scripting.executeScript({ target, files: ["sites.js", "rules.js", "reader.js"] });
  const [{ result: taken }] = await chrome.scripting.executeScript({ target, func: () => globalThis.trendscoutTake() });
  if (!taken) return { text: say("unknown_site") };
  if (taken.large) return { text: say("too_large") };
  const said = await ask(paired, taken);
  const shown = said === null ? await keep(taken) : answer(said);
  await chrome.action.setBadgeText({ tabId, text: shown.badge || "" });
  await chrome.action.setBadgeBackgroundColor({ tabId, color: shown.ok ? "#14692f" : "#a81b1b" });
  await chrome.action.setTitle({ tabId, title: shown.text });
  return shown;
}

function answer(said) {
  if (!said.ok) return { text: say("failed", said.why || ""), badge: "!" };
  return { text: said.text, badge: said.entries ? String(said.entries) : "0", ok: said.entries > 0, entries: said.entries };
}

async function waiting() {
  return (await chrome.storage.local.get({ waiting: [] })).waiting;
}

async function keep(taken) {
  const all = [...(await waiting()), taken];
  if (all.length > MAX_WAITING || JSON.stringify(all).length > MAX_WAITING_SIZE) return { text: say("full"), badge: "!", file: taken };
  await chrome.storage.local.set({ waiting: all });
  return { text: say("down", all.length), badge: "…", file: taken };
}

async function sendWaiting() {
  const paired = await desk();
  if (!paired) return;
  for (const one of await waiting()) {
    const said = await ask(paired, one);
    if (!said || [403, 409].includes(said.status)) return;  // closed, not paired or of another version: it waits on
    const left = await waiting();
    await chrome.storage.local.set({ waiting: left.slice(1) });
  }
}
chrome.runtime.onStartup.addListener(sendWaiting);

// Only our own popup may ask: pages and other extensions have no way in (there is no onMessageExternal).
chrome.runtime.onMessage.addListener((asked, sender, reply) => {
  if (sender.id !== chrome.runtime.id || sender.tab) return false;
  const work = { take: () => clip(asked.tab), pair: () => pair(String(asked.code)), paired: async () => ({ paired: Boolean(await desk()) }), send: sendWaiting }[asked.do];
  if (!work) return false;
  Promise.resolve(watching).then(work).then(reply, (error) => reply({ text: String(error.message || error) }));
  return true;
});
