// Files in the studio's form: dropped, chosen from the computer, from a link, or from what is here
// already. They are uploaded at once; the field keeps the id. Without this file, a plain file
// input goes along with the form.
(function () {
  "use strict";

  var form = document.querySelector("form[data-studio]");
  if (!form) return;
  var dialog = document.getElementById("shelf");
  var running = new Map(); // box → the request under way
  var choosing = null; // the box that the dialog was opened for

  function part(box, name) { return box.querySelector("[data-" + name + "]"); }

  function say(box, text) { part(box, "said").textContent = text; }

  function fail(box, text) {
    var place = part(box, "file-error");
    if (!place) return;
    place.textContent = text;
    place.hidden = !text;
  }

  function changed(box) {
    ["input", "change"].forEach(function (name) {
      part(box, "value").dispatchEvent(new Event(name, { bubbles: true }));
    });
  }

  function hold(box, card) {
    part(box, "slot").replaceChildren(card);
    part(box, "value").value = card.dataset.piece;
    box.classList.add("is-filled");
    fail(box, "");
    say(box, card.querySelector(".piece__title").textContent + " is chosen.");
    forgetFaces(box);
    changed(box);
  }

  function release(box) {
    part(box, "slot").replaceChildren();
    part(box, "value").value = "";
    box.classList.remove("is-filled");
    say(box, "Removed.");
    forgetFaces(box);
    changed(box);
    var next = box.querySelector("[data-drop] input, [data-drop] button");
    if (next) next.focus();
  }

  // Faces were found in the video that was there before.
  function forgetFaces(box) {
    var fresh = document.getElementById("faces-start");
    if (!fresh || box.dataset.path !== "video_url") return;
    document.getElementById("faces").replaceWith(fresh.content.cloneNode(true));
    htmx.process(document.getElementById("faces"));
  }

  // --- sending ---------------------------------------------------------------------------------
  function refusal(box, file) {
    var accept = box.dataset.accept.split(",");
    var most = Number(box.dataset.most);
    if (file.type && accept.indexOf(file.type) < 0 && !/^audio\/(x-|mp4|wave)/.test(file.type)) {
      return "This type of file cannot be used here. " + box.querySelector(".file__limits").textContent + ".";
    }
    if (most && file.size > most) {
      return "The file has " + Math.ceil(file.size / 1048576) + " MB, and " + most / 1048576 + " MB is the most here.";
    }
    return "";
  }

  function upload(box, file) {
    var problem = refusal(box, file);
    if (problem) {
      fail(box, problem);
      return;
    }
    send(box, "file", file, file.name);
  }

  function send(box, name, content, title) {
    var body = new FormData();
    body.append("operation", form.dataset.operation);
    body.append("field", box.dataset.path);
    body.append(name, content);
    var request = new XMLHttpRequest();
    request.open("POST", form.dataset.uploads);
    request.setRequestHeader("X-CSRFToken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    request.upload.addEventListener("progress", function (event) {
      if (event.lengthComputable) part(box, "progress").value = (100 * event.loaded) / event.total;
    });
    request.addEventListener("load", function () { answered(box, request); });
    request.addEventListener("error", function () {
      stop(box);
      fail(box, "The connection was lost. Please try again.");
    });
    begin(box, request, title);
    request.send(body);
  }

  function answered(box, request) {
    stop(box);
    var made = document.createElement("template");
    if (request.status === 201) made.innerHTML = request.responseText;
    var card = made.content.querySelector("[data-piece]");
    if (card) {
      part(box, "link").value = "";
      linkRow(box, false);
      hold(box, card);
    } else if (/^text\/plain/.test(request.getResponseHeader("Content-Type") || "")) {
      fail(box, request.responseText);
    } else {
      fail(box, "That did not work. Load the page anew, and try again.");
    }
  }

  function begin(box, request, title) {
    running.set(box, request);
    fail(box, "");
    say(box, "Uploading " + title);
    part(box, "busy-name").textContent = title;
    part(box, "progress").removeAttribute("value");
    part(box, "busy").hidden = false;
    box.classList.add("is-busy");
    guard();
  }

  function stop(box) {
    running.delete(box);
    part(box, "busy").hidden = true;
    box.classList.remove("is-busy");
    if (!running.size) form.dispatchEvent(new Event("change"));
  }

  // Nothing is made of half a file: the button waits.
  function guard() {
    var button = document.getElementById("create");
    if (button && running.size) {
      button.disabled = true;
      button.setAttribute("aria-busy", "true");
    }
  }

  // --- links, and what is here already ------------------------------------------------------------
  function linkRow(box, isOpen) {
    part(box, "link-row").hidden = !isOpen;
    part(box, "paste-link").setAttribute("aria-expanded", String(isOpen));
    if (isOpen) part(box, "link").focus();
  }

  function takeLink(box) {
    var link = part(box, "link").value.trim();
    if (link) send(box, "link", link, link);
    else part(box, "link").focus();
  }

  function choose(box) {
    choosing = box;
    var body = document.getElementById("shelf-body");
    body.replaceChildren();
    dialog.showModal();
    var url = form.dataset.choose + "?field=" + encodeURIComponent(box.dataset.path);
    htmx.ajax("GET", url, { target: body, swap: "innerHTML" });
  }

  dialog.addEventListener("click", function (event) {
    var choice = event.target.closest("[data-choose]");
    if (!choice || !choosing) return;
    var card = choice.nextElementSibling.content.firstElementChild.cloneNode(true);
    dialog.close();
    hold(choosing, card);
  });

  // --- events -------------------------------------------------------------------------------------
  form.addEventListener("click", function (event) {
    var box = event.target.closest("[data-file]");
    if (!box) return;
    if (event.target.closest("[data-remove-piece]")) release(box);
    else if (event.target.closest("[data-choose-piece]")) choose(box);
    else if (event.target.closest("[data-paste-link]")) linkRow(box, part(box, "link-row").hidden);
    else if (event.target.closest("[data-take-link]")) takeLink(box);
    else if (event.target.closest("[data-cancel]")) {
      running.get(box).abort();
      stop(box);
      say(box, "Cancelled.");
    }
  });

  form.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || !event.target.matches("[data-link]")) return;
    event.preventDefault();
    takeLink(event.target.closest("[data-file]"));
  });

  form.addEventListener("change", function (event) {
    if (!event.target.matches("[data-file] input[type=file]") || !event.target.files.length) return;
    var file = event.target.files[0];
    // It is sent now, and must not go along with the form once more.
    event.target.value = "";
    upload(event.target.closest("[data-file]"), file);
  });

  ["dragover", "dragleave", "drop"].forEach(function (name) {
    form.addEventListener(name, function (event) {
      var box = event.target.closest("[data-file][data-accept]");
      if (!box || box.closest("fieldset:disabled")) return;
      event.preventDefault();
      box.classList.toggle("is-over", name === "dragover");
      if (name === "drop" && event.dataTransfer.files.length) upload(box, event.dataTransfer.files[0]);
    });
  });

  // What the price has found wrong with a file is said beside it too.
  function sayBeside() {
    form.querySelectorAll("[data-file-error][data-found]").forEach(function (place) {
      place.hidden = true;
      delete place.dataset.found;
    });
    form.querySelectorAll("[data-problem]").forEach(function (problem) {
      var field = document.getElementById(problem.dataset.problem);
      var place = field && field.matches(".field--file") && field.querySelector("[data-file-error]");
      if (!place || field.querySelector("ul.field__error")) return;
      place.textContent = problem.textContent;
      place.hidden = false;
      place.dataset.found = "";
    });
  }

  document.addEventListener("htmx:afterSwap", function () {
    guard();
    sayBeside();
  });
  window.addEventListener("pagehide", function () {
    running.forEach(function (request) { request.abort(); });
  });
})();
