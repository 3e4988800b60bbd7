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
})();
