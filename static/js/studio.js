// The studio's form: what goes with the chosen model, counters, and the price. Lists are in
// studio-rows.js, files in studio-files.js; they tell of a change by an input event.
// The server checks everything again; without this file the form works too.
(function () {
  "use strict";

  var form = document.querySelector("form[data-studio]");
  var data = document.getElementById("capabilities");
  if (!form) return;
  var models = data ? JSON.parse(data.textContent) : [];

  function all(selector, inside) {
    return Array.prototype.slice.call((inside || form).querySelectorAll(selector));
  }

  // The value of a field by its name: of the chosen radio button, of a box that is ticked.
  function valueOf(name) {
    var found = all('[name="' + name + '"]').filter(function (input) {
      return !input.disabled && (!/radio|checkbox/.test(input.type) || input.checked);
    });
    return found.length ? found[0].value : "";
  }

  function model() {
    var chosen = valueOf("input.model_name");
    return models.filter(function (one) { return one.name === chosen; })[0];
  }

  function hint(field, text) {
    var place = field.querySelector("[data-hint]");
    if (!place) return;
    place.textContent = text;
    place.hidden = !text;
  }

  function setDisabled(field, disabled) {
    all("input, select, textarea, button", field).forEach(function (input) {
      input.disabled = disabled;
    });
    field.classList.toggle("field--off", disabled);
  }

  // --- what the model, with its quality and length, can do -----------------------------------
  function allowed(current, key) {
    if (key === "mode") return current.modes;
    if (key === "duration") return current.durations;
    return current.choices[key];
  }

  function limitOptions(field, current) {
    var values = allowed(current, field.dataset.field);
    var options = all("input[type=radio], option", field);
    if (!values || !options.length) return;
    options.forEach(function (option) { option.disabled = values.indexOf(option.value) < 0; });
    var chosen = options.filter(function (option) { return option.checked || option.selected; })[0];
    if (chosen && chosen.disabled && values.length) {
      var first = options.filter(function (option) { return option.value === values[0]; })[0];
      if (first.type === "radio") first.checked = true;
      else first.selected = true;
    }
    var usable = options.filter(function (option) { return !option.disabled; }).map(function (option) {
      return (option.nextElementSibling || option).textContent.trim();
    });
    if (!values.length) hint(field, current.title + " has no choice here.");
    else if (usable.length === options.length) hint(field, "");
    else if (usable.length > 3) hint(field, current.title + " does not take all of these.");
    else hint(field, current.title + " takes " + usable.join(" or ") + " only.");
  }

  function limitFeature(field, current) {
    var feature = current.features[field.dataset.feature];
    if (!feature) {
      setDisabled(field, true);
      hint(field, current.title + " does not have this.");
      return;
    }
    var modeFits = !feature.modes || feature.modes.indexOf(valueOf("input.mode")) >= 0;
    var lengthFits = !feature.durations || feature.durations.indexOf(valueOf("input.duration")) >= 0;
    setDisabled(field, !(modeFits && lengthFits));
    if (!modeFits) hint(field, current.title + " has this with other qualities only.");
    else if (!lengthFits) hint(field, current.title + " has this with another duration only.");
    else hint(field, "");
  }

  function limit() {
    var current = model();
    if (current) {
      all("[data-field]").forEach(function (field) { limitOptions(field, current); });
      all("[data-feature]").forEach(function (field) { limitFeature(field, current); });
    }
    all("[data-needs]").forEach(function (field) {
      var fits = holds(field.dataset.needs);
      field.hidden = !fits;
      if (!fits) setDisabled(field, true);
      else if (!field.dataset.feature) setDisabled(field, false);
    });
    all("[data-yields]").forEach(function (field) {
      var away = holds(field.dataset.yields);
      // Read-only, not disabled: what was typed stays in the form that comes back.
      all("textarea", field).forEach(function (input) { input.readOnly = away; });
      field.classList.toggle("field--off", away);
      hint(field, away ? field.dataset.setAside : "");
    });
  }

  function holds(condition) {
    var at = condition.indexOf("=");
    return condition.slice(at + 1).split("|").indexOf(valueOf(condition.slice(0, at))) >= 0;
  }

  // --- characters: counted as the server counts them, not in UTF-16 units ---------------------
  function count(place) {
    var text = (document.getElementById(place.dataset.count) || { value: "" }).value;
    var length = Array.from(text.trim()).length;
    var most = Number(place.dataset.limit);
    place.textContent = length.toLocaleString("en") + " of " + most.toLocaleString("en");
    place.classList.toggle("count--over", length > most);
  }

  // --- the price -------------------------------------------------------------------------------
  var panel = form.querySelector("[data-price]");
  var timer = 0;

  function ask() { htmx.trigger(panel, "price-changed"); }

  function askSoon() {
    clearTimeout(timer);
    timer = setTimeout(ask, 350);
  }

  // Read out only when the price is another one, not at every pause in typing.
  function say() {
    var amount = panel.querySelector(".price__amount");
    var text = amount ? amount.textContent.replace(/\s+/g, " ").trim() : "";
    var place = form.querySelector("[data-price-said]");
    if (place.textContent !== text) place.textContent = text;
  }

  // A setting has changed: the old price must not stand on a button that can be pressed.
  function markStale() {
    var button = document.getElementById("create");
    if (!button || button.disabled) return;
    button.setAttribute("aria-busy", "true");
    button.disabled = true;
    panel.classList.add("is-stale");
  }

  document.addEventListener("htmx:afterRequest", function (event) {
    if (event.detail.elt !== panel) return;
    panel.classList.remove("is-stale");
    say();
    var button = document.getElementById("create");
    if (event.detail.failed && button && button.getAttribute("aria-busy")) {
      // The server could not be asked; it will compare the price when the form is sent.
      button.removeAttribute("aria-busy");
      button.disabled = false;
    }
  });

  // --- events ------------------------------------------------------------------------------------
  form.addEventListener("input", function (event) {
    var input = event.target;
    if (input.dataset.slider) document.getElementById(input.dataset.slider).value = input.value;
    var slider = form.querySelector('[data-slider="' + input.id + '"]');
    if (slider && input.value) slider.value = input.value;
    all("[data-count]").forEach(count);
    // Not at the change event of a text: it comes with the click on the button, and would eat it.
    if (!input.matches("textarea")) markStale();
    askSoon();
  });

  form.addEventListener("change", function () {
    limit();
    askSoon();
  });

  form.addEventListener("click", function (event) {
    var example = event.target.closest("[data-example]");
    if (!example) return;
    event.preventDefault();
    var prompt = document.getElementById("input-prompt");
    prompt.value = example.dataset.example;
    prompt.dispatchEvent(new Event("input", { bubbles: true }));
    prompt.focus();
  });

  // A link of the summary may lead into a part that is folded away.
  document.addEventListener("click", function (event) {
    var link = event.target.closest("#problems a");
    var target = link && document.getElementById(link.hash.slice(1));
    if (!target) return;
    event.preventDefault();
    var fold = target.closest("details");
    if (fold) fold.open = true;
    target.focus();
    target.scrollIntoView({ block: "center" });
  });

  // Back from the page of the new job: the same form again is meant as another job.
  function renewKey() {
    var bytes = crypto.getRandomValues(new Uint8Array(16));
    var hex = Array.from(bytes, function (byte) { return byte.toString(16).padStart(2, "0"); });
    form.querySelector("[data-key]").value = "form-" + hex.join("");
  }

  function cameBack() {
    var entry = performance.getEntriesByType("navigation")[0];
    return Boolean(entry) && entry.type === "back_forward";
  }

  window.addEventListener("pageshow", function (event) {
    if (!event.persisted) return;
    renewKey();
    ask();
  });

  // Whether a control holds something else than the server has put there.
  function isChanged(input) {
    if (/radio|checkbox/.test(input.type)) return input.checked !== input.defaultChecked;
    if (input.matches("select")) {
      return !(input.selectedOptions[0] || {}).defaultSelected;
    }
    return !/hidden|file/.test(input.type) && !input.dataset.slider && input.value !== input.defaultValue;
  }

  // At load, not before: a browser that brings back what was typed does so after the document is
  // read, and leaves out what is disabled by then.
  function start() {
    all("[data-count]").forEach(count);
    limit();
    if (cameBack()) renewKey();
    if (all("input, textarea, select").some(isChanged)) ask();
    // On a phone the chosen operation may stand outside of the row that is scrolled.
    var current = document.querySelector(".operations__list [aria-current]");
    if (current) current.parentElement.parentElement.scrollLeft = current.offsetLeft - 80;
    var focus = document.querySelector("[data-focus]");
    if (focus) focus.focus();
  }

  if (document.readyState === "complete") start();
  else window.addEventListener("load", start);
})();
