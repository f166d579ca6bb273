// Loaded before the style sheets: the chosen theme must stand before the first paint,
// or a dark page would flash white.
(function () {
  "use strict";
  try {
    var theme = localStorage.getItem("theme");
    if (theme === "light" || theme === "dark") {
      document.documentElement.dataset.theme = theme;
    }
  } catch (error) {
    // Storage is switched off: the system's theme stays.
  }
  document.documentElement.classList.add("js");
})();
