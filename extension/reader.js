"use strict";
// In a world of its own beside the page: keeps the replies that were handed on until the user asks for them, and
// copies the page as it is shown, without what no reader needs.
(() => {
  if (globalThis.trendscoutTake) return;
  const replies = [];
  let size = 0;
  document.addEventListener("trendscout-reply", (event) => {
    let told;
    try { told = JSON.parse(event.detail); } catch { return; }
    if (!told || typeof told.url !== "string" || typeof told.text !== "string") return;
    let url;
    try { url = new URL(told.url); } catch { return; }
    if (!TRENDSCOUT.replyIsWanted(url)) return;
    const text = TRENDSCOUT.withoutSecrets(told.text, true);
    if (text === null || replies.length >= TRENDSCOUT.MAX_REPLIES || size + text.length > TRENDSCOUT.MAX_CLIP) return;
    size += text.length;
    replies.push({ url: TRENDSCOUT.bareAddress(url), type: "application/json", at: new Date().toISOString(), body: text });
  });

  const DROPPED = "input,textarea,select,option,button[type=submit],iframe,frame,object,embed,style,svg,canvas,video,audio,template,noscript,link:not([rel=canonical]),meta,base,header,footer,dialog,[role=dialog],[contenteditable],[aria-label*=account i],[class*=account i],[id*=account i],[class*=address i],[id*=address i],[class*=user-info i],[class*=username i]";
  const ATTRIBUTES = /^(?:href|src|srcset|class|id|title|alt|rel|type|role|itemprop|itemtype|itemscope|content|aria-label|data-(?!user|token|session|csrf)[a-z0-9-]*)$/i;

  function page(site) {
    const copy = document.documentElement.cloneNode(true);
    for (const script of copy.querySelectorAll("script")) {
      const marks = (script.id || "") + " " + (script.type || "") + " " + script.textContent.slice(0, 4000);
      const text = !script.src && site.scripts.some((mark) => marks.includes(mark)) ? TRENDSCOUT.withoutSecrets(script.textContent, false) : null;
      if (text === null) script.remove(); else script.textContent = text;
    }
    for (const one of copy.querySelectorAll(DROPPED)) one.remove();
    const walker = document.createTreeWalker(copy, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_COMMENT);
    const comments = [];
    for (let node = walker.currentNode; node; node = walker.nextNode()) {
      if (node.nodeType === Node.COMMENT_NODE) { comments.push(node); continue; }
      for (const { name, value } of [...node.attributes]) {
        if (!ATTRIBUTES.test(name) || value.length > 4000) node.removeAttribute(name);
        else if (name === "href") { try { node.setAttribute(name, TRENDSCOUT.bareAddress(new URL(value, location.href))); } catch { node.removeAttribute(name); } }
      }
    }
    for (const one of comments) one.remove();
    return "<!DOCTYPE html>\n" + copy.outerHTML;
  }

  globalThis.trendscoutTake = () => {
    const site = TRENDSCOUT.siteOf(location);
    if (!site) return null;
    const at = new Date().toISOString();
    const parts = [...replies];
    const html = page(site);
    if (size + html.length <= TRENDSCOUT.MAX_CLIP) parts.push({ url: TRENDSCOUT.bareAddress(location), type: "text/html", at, body: html });
    return { url: TRENDSCOUT.bareAddress(location), at, parts, large: size + html.length > TRENDSCOUT.MAX_CLIP };
  };
})();
