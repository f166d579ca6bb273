// Lists in the studio's form, such as shots and pictures: the rows are there from the start, and
// the empty ones are put away until they are wanted.
(function () {
  "use strict";

  var form = document.querySelector("form[data-studio]");
  if (!form) return;

  var TYPED = "input:not([type=radio], [type=checkbox], [type=file], [type=range]), textarea, select";

  function all(selector, inside) {
    return Array.prototype.slice.call(inside.querySelectorAll(selector));
  }

  // Of a list in a list, the rows belong to the inner one.
  function rowsOf(list) {
    return Array.prototype.slice.call(list.children);
  }

  function isFilled(row) {
    return all(TYPED, row).some(function (input) { return input.value; });
  }

  function show(list, wanted) {
    var rows = rowsOf(list);
    var least = Math.min(Number(list.dataset.rows) || 1, rows.length);
    var shown = Math.max(least, Math.min(wanted, rows.length));
    rows.forEach(function (row, place) { row.hidden = place >= shown; });
    list.dataset.shown = shown;
    list.nextElementSibling.hidden = shown >= rows.length;
    list.classList.toggle("rows--fixed", least === rows.length);
  }

  function start(list) {
    show(list, rowsOf(list).map(isFilled).lastIndexOf(true) + 1);
  }

  function add(list) {
    var shown = Number(list.dataset.shown) + 1;
    show(list, shown);
    var input = rowsOf(list)[shown - 1].querySelector("textarea, input, select, button");
    if (input) input.focus();
  }

  function empty(row) {
    all(TYPED, row).forEach(function (input) {
      if (input.matches("select")) input.selectedIndex = 0;
      else input.value = "";
    });
    all("[data-file]", row).forEach(function (box) {
      box.classList.remove("is-filled");
      box.querySelector("[data-slot]").replaceChildren();
    });
  }

  // Names, ids and all that points at them follow the place of the row.
  function number(list) {
    var dotted = list.dataset.prefix;
    var checked = all("input:checked", list);
    rowsOf(list).forEach(function (row, place) {
      [dotted, dotted.replace(/^input\./, ""), dotted.replace(/\./g, "-")].forEach(function (stem) {
        var mark = stem.indexOf(".") < 0 && stem.indexOf("-") > 0 ? "-" : ".";
        var pattern = new RegExp("(^|\\s)" + stem.replace(/\./g, "\\.") + "[.-]\\d+(?=[.-])", "g");
        [row].concat(all("*", row)).forEach(function (part) {
          Array.prototype.forEach.call(part.attributes, function (attribute) {
            if (attribute.name === "value" || attribute.value.indexOf(stem) < 0) return;
            attribute.value = attribute.value.replace(pattern, "$1" + stem + mark + place);
          });
        });
      });
      all("[data-number]", row).slice(0, 1).forEach(function (mark) { mark.textContent = place + 1; });
      all("[data-remove-row]", row).slice(0, 1).forEach(function (button) {
        var label = button.getAttribute("aria-label").replace(/\d+$/, place + 1);
        button.setAttribute("aria-label", label);
      });
    });
    // While two rows had the same name, their radio buttons were one group.
    checked.forEach(function (input) { input.checked = true; });
  }

  // The rows below move up, so that no empty one is left in the middle.
  function remove(row) {
    var list = row.parentElement;
    empty(row);
    list.append(row);
    number(list);
    show(list, Number(list.dataset.shown) - 1);
    list.nextElementSibling.focus();
    list.dispatchEvent(new Event("input", { bubbles: true }));
  }

  form.addEventListener("click", function (event) {
    var more = event.target.closest("[data-add-row]");
    var less = event.target.closest("[data-remove-row]");
    if (more) add(more.previousElementSibling);
    if (less) remove(less.closest("[data-row]"));
  });

  function startAll() { all("[data-rows]", form).forEach(start); }

  if (document.readyState === "complete") startAll();
  else window.addEventListener("load", startAll);
})();
