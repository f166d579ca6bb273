// Parts of a page that change by themselves: [data-poll="address"] is asked for again until the
// answer is a part without that attribute. 204 means that nothing has changed.
(function () {
  "use strict";

  var timers = new Map(); // part → timer, or "busy" while it is being asked for
  var since = new WeakMap();

  // Often at first, when most jobs move; slower with age, and for the small pictures of a list.
  function pause(part) {
    if (!since.has(part)) since.set(part, Date.now());
    var age = Number(part.dataset.age || 0) + (Date.now() - since.get(part)) / 1000;
    var seconds = age < 60 ? 2 : age < 300 ? 4 : age < 1800 ? 10 : 30;
    return (part.hasAttribute("data-poll-slow") ? Math.max(5, seconds) : seconds) * 1000;
  }

  function watch(part) {
    timers.set(part, setTimeout(function () { look(part); }, pause(part)));
  }

  function look(part) {
    if (timers.get(part) === "busy") return;
    clearTimeout(timers.get(part));
    timers.delete(part);
    // A hidden page asks for nothing; it catches up when it is shown again.
    if (!document.contains(part) || document.hidden) return;
    timers.set(part, "busy");
    function again() {
      timers.delete(part);
      if (document.contains(part) && !part.hasAttribute("data-gone")) watch(part);
    }
    htmx
      .ajax("GET", part.dataset.poll, { source: part, target: part, swap: "outerHTML" })
      .then(again, again);
  }

  function watchAll() {
    document.querySelectorAll("[data-poll]").forEach(function (part) {
      if (!timers.has(part)) watch(part);
    });
  }

  // The time that a job has taken so far: [data-elapsed="seconds when the page was made"].
  function tick() {
    document.querySelectorAll("[data-elapsed]").forEach(function (place) {
      if (!place.dataset.from) {
        place.dataset.from = Date.now() - Number(place.dataset.elapsed) * 1000;
      }
      var seconds = Math.max(0, Math.round((Date.now() - Number(place.dataset.from)) / 1000));
      var rest = String(seconds % 60).padStart(2, "0");
      place.textContent = Math.floor(seconds / 60) + ":" + rest;
    });
  }

  // The gallery's filters apply as soon as they are chosen.
  function onChange(event) {
    var form = event.target.closest("form[data-filters]");
    if (form) form.requestSubmit();
  }

  document.addEventListener("htmx:afterSwap", function () { watchAll(); tick(); });
  document.addEventListener("htmx:responseError", function (event) {
    // Deleted in another window: nothing will ever come of asking.
    if (event.detail.xhr.status === 404) event.detail.elt.setAttribute("data-gone", "");
  });
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) document.querySelectorAll("[data-poll]").forEach(look);
  });
  document.addEventListener("change", onChange);
  watchAll();
  tick();
  setInterval(tick, 1000);
})();
