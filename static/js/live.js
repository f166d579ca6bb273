// Parts of a page that change by themselves: [data-poll="address"] is asked for again until the
// answer is a part without that attribute. Those with a data-ticket only when they have changed,
// which one small request asks about for all of them together; 204 says that none has.
(function () {
  "use strict";

  // Often at first, when most jobs move; slower with age: until so many seconds, every so many.
  var PACE = [[60, 2], [300, 4], [1800, 10]];
  var SLOWEST = 30;
  var SLOWER = 5; // at least, for the small pictures of a list: [data-poll-slow]

  var timer = null;
  var asking = false;
  var since = new WeakMap();

  function pause(part) {
    if (!since.has(part)) since.set(part, Date.now());
    var age = Number(part.dataset.age || 0) + (Date.now() - since.get(part)) / 1000;
    var step = PACE.find(function (one) { return age < one[0]; });
    // A hidden page asks too, if seldom: its title tells who waits in another tab.
    var seconds = step && !document.hidden ? step[1] : SLOWEST;
    return (part.hasAttribute("data-poll-slow") ? Math.max(SLOWER, seconds) : seconds) * 1000;
  }

  function watched() {
    return Array.from(document.querySelectorAll("[data-poll]:not([data-gone])"));
  }

  // As often as the youngest part wants it.
  function watch() {
    var parts = watched();
    clearTimeout(timer);
    if (!asking && parts.length) timer = setTimeout(look, Math.min.apply(null, parts.map(pause)));
  }

  function look() {
    if (asking) return;
    clearTimeout(timer);
    asking = true;
    function again() { asking = false; watch(); }
    changed().then(function (parts) { return Promise.all(parts.map(renew)); }).then(again, again);
  }

  // A promise of the parts that are to be asked for.
  function changed() {
    var parts = watched();
    var known = parts.filter(function (part) { return part.dataset.ticket; });
    var other = parts.filter(function (part) { return !part.dataset.ticket; });
    if (!known.length) return Promise.resolve(other);
    var query = new URLSearchParams(known.map(function (part) {
      return ["job", part.dataset.ticket];
    }));
    return fetch("/live?" + query).then(function (answer) {
      return answer.status === 200 ? answer.json() : { changed: [], lines: {} };
    }).then(function (news) {
      Object.keys(news.lines).forEach(function (number) { tell(known[number], news.lines[number]); });
      return other.concat(news.changed.map(function (number) { return known[number]; }));
    });
  }

  function tell(part, line) {
    var place = part.querySelector("[data-line]");
    if (place && place.textContent !== line) place.textContent = line;
  }

  function renew(part) {
    if (!document.contains(part)) return null;
    return htmx.ajax("GET", part.dataset.poll, { source: part, target: part, swap: "outerHTML" });
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

  document.addEventListener("htmx:afterSwap", function () { watch(); tick(); });
  document.addEventListener("htmx:responseError", function (event) {
    // Deleted in another window: nothing will ever come of asking.
    if (event.detail.xhr.status === 404) event.detail.elt.setAttribute("data-gone", "");
  });
  document.addEventListener("visibilitychange", function () {
    if (!document.hidden) look();
  });
  document.addEventListener("change", onChange);
  watch();
  tick();
  setInterval(tick, 1000);
})();
