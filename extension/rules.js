"use strict";
// What may leave the browser, by the lists in sites.js, which are made from the sources.
var TRENDSCOUT = (() => {
  const MAX_CLIP = 24_000_000, MAX_REPLY = 8_000_000, MAX_REPLIES = 120;
  const { sites, parameters, secrets } = TRENDSCOUT_SITES;
  const kept = new Set(parameters), secret = new Set(secrets);
  const plain = (name) => name.toLowerCase();

  function matches(pattern, url) {
    const [, host] = /^https:\/\/([^/]+)\/\*$/.exec(pattern);
    if (url.protocol !== "https:") return false;
    return host.startsWith("*.") ? url.hostname === host.slice(2) || url.hostname.endsWith(host.slice(1)) : url.hostname === host;
  }
  const siteOf = (url) => sites.find((site) => site.pages.some((pattern) => matches(pattern, url))) || null;

  function siteOfReply(url) {
    const target = url.pathname + url.search;
    return sites.find((site) => site.replies.some((part) => target.includes(part)) && site.pages.some((pattern) => matches(pattern, url))) || null;
  }
  const replyIsWanted = (url) => siteOfReply(url) !== null;

  // The function that a reply which comes as a script (JSONP) calls; null where the address names none.
  function callbackOf(url) {
    const site = siteOfReply(url);
    const name = site && site.callbacks.map((parameter) => url.searchParams.get(parameter)).find(Boolean);
    return name && /^[\w$.]{1,100}$/.test(name) ? name : null;
  }

  // Without user, password, fragment, and the parameters that say nothing of the list.
  function bareAddress(url) {
    const bare = new URL(url.origin + url.pathname);
    for (const [name, value] of new URLSearchParams(url.search)) if (kept.has(name) && value.length <= 300) bare.searchParams.append(name, value);
    return bare.href;
  }

  function pruned(value, depth) {
    if (depth > 60 || value === null || typeof value !== "object") return depth > 60 ? null : value;
    if (Array.isArray(value)) return value.map((one) => pruned(one, depth + 1));
    const left = {};
    for (const [name, one] of Object.entries(value)) if (!secret.has(plain(name))) left[name] = pruned(one, depth + 1);
    return left;
  }

  const NAMED = new RegExp('("(?:' + secrets.join("|") + ')"\\s*:\\s*)(?:"(?:[^"\\\\]|\\\\.)*"|-?[0-9.]+)', "gi");
  // JSON is taken apart; a script's text has the values of such names emptied. null: it is not to be taken.
  function withoutSecrets(text, mustBeJson) {
    try { return JSON.stringify(pruned(JSON.parse(text), 0)); } catch { /* no JSON */ }
    const inner = /^\s*(?:\/\*\*\/)?\s*[\w$.]+\s*\(([{[][\s\S]*[\]}])\)\s*;?\s*$/.exec(text);  // JSONP
    if (inner) { try { return JSON.stringify(pruned(JSON.parse(inner[1]), 0)); } catch { /* no JSON */ } }
    const state = /^([^{]*)(\{[\s\S]*\})([^}]*)$/.exec(text);
    if (!mustBeJson && state) { try { return state[1] + JSON.stringify(pruned(JSON.parse(state[2]), 0)) + state[3]; } catch { /* more than one value */ } }
    return mustBeJson ? null : text.replace(NAMED, '$1""');
  }

  return { MAX_CLIP, MAX_REPLY, MAX_REPLIES, siteOf, replyIsWanted, callbackOf, bareAddress, withoutSecrets };
})();
