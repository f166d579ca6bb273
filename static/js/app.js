// What makes the pages nicer; all of them work without it.
(function () {
  "use strict";

  // --- theme: [data-theme-toggle] ---------------------------------------------------------
  function isDark() {
    var chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function toggleTheme() {
    var theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("theme", theme);
    } catch (error) {
      // Storage is switched off: the choice lasts for this page.
    }
  }

  // --- copy: [data-copy="#id"] copies the value or text of that element ---------------------
  function copy(button) {
    var source = document.querySelector(button.dataset.copy);
    var text = source.value === undefined ? source.textContent.trim() : source.value;
    var label = button.querySelector("[data-copy-label]") || button;
    var before = label.textContent;
    navigator.clipboard.writeText(text).then(
      function () {
        label.textContent = "Copied";
        setTimeout(function () { label.textContent = before; }, 2000);
      },
      function () {
        if (source.select) source.select();
      }
    );
  }

  // --- confirm: form[data-confirm="Question"] asks in a dialog before it is sent -------------
  var asking = null;

  function ask(form, submitter) {
    var dialog = document.getElementById("confirm");
    asking = { form: form, submitter: submitter };
    dialog.querySelector("[data-confirm-text]").textContent = form.dataset.confirm;
    dialog.querySelector("[value=yes]").textContent = form.dataset.confirmLabel || "Continue";
    dialog.returnValue = "";
    dialog.showModal();
  }

  function answered(event) {
    var answer = asking;
    asking = null;
    if (!answer || event.target.returnValue !== "yes") return;
    answer.form.dataset.confirmed = "yes";
    answer.form.requestSubmit(answer.submitter);
  }

  // --- forms: confirm first, and send only once ----------------------------------------------
  function onSubmit(event) {
    var form = event.target;
    if (form.dataset.confirm && form.dataset.confirmed !== "yes") {
      event.preventDefault();
      // htmx listens on the form itself, later than this listener on the way down.
      event.stopPropagation();
      ask(form, event.submitter);
      return;
    }
    delete form.dataset.confirmed;
    if (event.defaultPrevented || form.method !== "post" || form.hasAttribute("hx-post")) return;
    if (form.dataset.sent) {
      event.preventDefault();
      return;
    }
    form.dataset.sent = "yes";
    if (event.submitter) event.submitter.setAttribute("aria-busy", "true");
  }

  // Coming back with the Back button must not find a form that cannot be sent.
  function onPageShow() {
    document.querySelectorAll("form[data-sent]").forEach(function (form) {
      delete form.dataset.sent;
    });
    document.querySelectorAll("[aria-busy=true]").forEach(function (button) {
      button.removeAttribute("aria-busy");
    });
  }

  // --- menus: close the others, on Escape and on a click elsewhere ---------------------------
  function closeMenus(except) {
    document.querySelectorAll("details.menu[open]").forEach(function (menu) {
      if (menu !== except) menu.open = false;
    });
  }

  function onClick(event) {
    var target = event.target.closest("[data-theme-toggle], [data-copy], [data-print], [data-dismiss]");
    closeMenus(event.target.closest("details.menu"));
    if (!target) return;
    if (target.matches("[data-theme-toggle]")) toggleTheme();
    else if (target.matches("[data-copy]")) copy(target);
    else if (target.matches("[data-print]")) window.print();
    else target.closest(".notice").remove();
  }

  function onKey(event) {
    if (event.key !== "Escape") return;
    var open = document.querySelector("details.menu[open]");
    if (!open) return;
    open.open = false;
    open.querySelector("summary").focus();
  }

  // --- time zone: input[data-time-zone] gets the browser's -----------------------------------
  function fillTimeZone() {
    var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    document.querySelectorAll("input[data-time-zone]").forEach(function (input) {
      if (zone && !input.value) input.value = zone;
    });
  }

  document.addEventListener("click", onClick);
  document.addEventListener("keydown", onKey);
  document.addEventListener("submit", onSubmit, true);
  window.addEventListener("pageshow", onPageShow);
  fillTimeZone();
  var dialog = document.getElementById("confirm");
  if (dialog) dialog.addEventListener("close", answered);
})();
