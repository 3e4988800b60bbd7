"use strict";
// In the page's own world, before its scripts: hands on the replies that a source declares, and no other. What a page
// does to this script is the page's own affair: it can only make up replies of its own, which are read as hostile.
(() => {
  const wanted = (url) => {
    try { return TRENDSCOUT.replyIsWanted(new URL(url, location.href)); } catch { return false; }
  };
  const hand = (url, text) => {
    if (typeof text === "string" && text.length <= TRENDSCOUT.MAX_REPLY) {
      document.dispatchEvent(new CustomEvent("trendscout-reply", { detail: JSON.stringify({ url: new URL(url, location.href).href, text }) }));
    }
  };
  const fetched = window.fetch;
  window.fetch = async function (...given) {
    const reply = await fetched.apply(this, given);
    if (wanted(reply.url || (given[0] && given[0].url) || given[0])) reply.clone().text().then((text) => hand(reply.url || String(given[0].url || given[0]), text), () => {});
    return reply;
  };
  const open = XMLHttpRequest.prototype.open;
  XMLHttpRequest.prototype.open = function (method, url, ...rest) {
    if (wanted(url)) {
      this.addEventListener("load", () => {
        try { hand(this.responseURL || url, this.responseType === "json" ? JSON.stringify(this.response) : this.responseText); } catch { /* not text */ }
      });
    }
    return open.call(this, method, url, ...rest);
  };

  // A reply that comes as a script (JSONP) calls a function that its address names: that call is listened to.
  const heard = new WeakSet();
  function listen(script) {
    const name = script.src && TRENDSCOUT.callbackOf(new URL(script.src));
    if (!name) return;
    const path = name.split("."), last = path.pop();
    const holder = path.reduce((one, part) => one && one[part], window);
    const called = holder && holder[last];
    if (typeof called !== "function" || heard.has(called)) return;
    holder[last] = function (...given) {
      const from = document.currentScript;
      if (from && from.src && wanted(from.src)) hand(from.src, typeof given[0] === "string" ? given[0] : JSON.stringify(given[0]));
      return called.apply(this, given);
    };
    heard.add(holder[last]);
  }
  const here = TRENDSCOUT.siteOf(location);
  if (here && here.callbacks.length) {
    new MutationObserver((changes) => {
      for (const change of changes) for (const one of change.addedNodes) {
        const scripts = one instanceof HTMLScriptElement ? [one] : one instanceof Element ? one.querySelectorAll("script[src]") : [];
        for (const script of scripts) { try { listen(script); } catch { /* the page keeps its function to itself */ } }
      }
    }).observe(document, { childList: true, subtree: true });
  }
})();
