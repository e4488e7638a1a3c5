// What the console's pages do beyond HTML.  Every page works without it.
(function () {
  "use strict";
  var all = function (selector, within) { return Array.prototype.slice.call((within || document).querySelectorAll(selector)); };
  var one = function (selector) { return document.querySelector(selector); };
  var words = JSON.parse(document.body.dataset.words);
  var say = function (key, count) { return words[key].replace("{count}", count); };
  var typing = function (target) {
    return target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]") !== null;
  };

  // A question before what is hard to undo: data-sure="what will happen".
  document.addEventListener("submit", function (event) {
    var form = event.target, dialog = one("#sure");
    if (form.method === "dialog") return;
    if (form.dataset.sure && !form.dataset.yes && dialog && dialog.showModal) {
      event.preventDefault();
      one("#sure [data-question]").textContent = form.dataset.sure;
      dialog.returnValue = "no";
      dialog.onclose = function () {
        if (dialog.returnValue !== "yes") return;
        form.dataset.yes = "1";
        form.requestSubmit(event.submitter || undefined);
      };
      dialog.showModal();
      return;
    }
    // Pressed twice is sent once; the server would notice, too.
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "1";
    all("button", form).forEach(function (button) { button.setAttribute("aria-disabled", "true"); });
  });
  window.addEventListener("pageshow", function () {
    all("form").forEach(function (form) {
      delete form.dataset.sent;
      delete form.dataset.yes;
      all("button", form).forEach(function (button) { button.removeAttribute("aria-disabled"); });
    });
  });

  // What counts with a field: the fields that data-beside names, and a ticked box as much as its data-adds says.
  var beside = function (field) {
    return all((field.dataset.beside || "").split(" ").filter(Boolean).map(function (id) { return "#" + id; }).join() || "none");
  };
  // A notice (data-around) counts as on the phone, with what stands around it: an emoji is two, stars that make words bold
  // are none, and of many empty lines one stays.
  var size = function (field) {
    if (!field.dataset.around) return Array.from(field.value).length;
    var text = field.value.trim().replace(/\n{3,}/g, "\n\n").replace(/\*\*([\s\S]+?)\*\*/g, "$1");
    return beside(field).reduce(function (sum, each) {
      if (each.type === "checkbox") return sum + (each.checked ? Number(each.dataset.adds) : 0);
      return sum + each.value.trim().length;
    }, Number(field.dataset.around) + text.length);
  };

  // Letters left, under a field with data-count.
  all("[data-count]").forEach(function (field) {
    var line = document.createElement("p");
    line.className = "counter";
    line.setAttribute("aria-live", "polite");
    field.insertAdjacentElement("afterend", line);
    var tell = function () {
      var most = Number(field.dataset.count);
      var count = size(field);
      line.textContent = count > most ? say("over", count - most) : say("left", most - count);
      line.classList.toggle("over", count > most);
    };
    [field].concat(beside(field)).forEach(function (each) { each.addEventListener("input", tell); });
    tell();
  });

  // What a form would do, shown while it is filled in.  A file goes along only when the form is handed in.
  all("[data-look]").forEach(function (place) {
    var form = place.closest("form"), wait = 0, asked = 0;
    var look = function () {
      var typed = new URLSearchParams(), mine = asked += 1;
      new FormData(form).forEach(function (value, name) { if (typeof value === "string") typed.append(name, value); });
      fetch(place.dataset.look, { method: "POST", body: typed, headers: { "X-Background": "1" } }).then(function (answer) {
        return answer.ok ? answer.text() : null;
      }).then(function (html) {
        if (html !== null && mine === asked) place.innerHTML = html;
      }).catch(function () { /* The page after saving shows it, too. */ });
    };
    form.addEventListener("change", function () { clearTimeout(wait); wait = setTimeout(look, 400); });
    look();
  });

  // Under a photo there is less room.
  all("[data-limits]").forEach(function (file) {
    file.addEventListener("change", function () {
      var field = document.getElementById(file.dataset.limits);
      if (!file.files.length) return;
      field.dataset.count = file.dataset.limit;
      field.dispatchEvent(new Event("input"));
    });
  });

  // A button that copies what stands before it.
  all("[data-copy]").forEach(function (code) {
    if (!navigator.clipboard) return;
    var button = document.createElement("button");
    button.type = "button";
    button.textContent = words.copy;
    button.addEventListener("click", function () {
      navigator.clipboard.writeText(code.textContent.trim()).then(function () { button.textContent = words.copied; });
    });
    var place = document.createElement("p");
    place.appendChild(button);
    (code.closest("p") || code).insertAdjacentElement("afterend", place);
  });

  // Rows that hold what is typed: data-filter names the element with the rows.
  var sift = function () {
    all("[data-filter]").forEach(function (field) {
      var wanted = field.value.trim().toLowerCase();
      all("#" + field.dataset.filter + " [data-row]").forEach(function (row) {
        row.hidden = wanted !== "" && row.textContent.toLowerCase().indexOf(wanted) < 0;
      });
    });
  };
  all("[data-filter]").forEach(function (field) { field.addEventListener("input", sift); });

  // Names of districts, fetched when somebody is about to type one.
  all("[data-divisions]").forEach(function (field) {
    field.addEventListener("focus", function () {
      var query = new URLSearchParams(), list = field.list;
      field.dataset.divisions.split(" ").forEach(function (code) { query.append("within", code); });
      fetch("/console/divisions?" + query, { headers: { "X-Background": "1" } }).then(function (answer) {
        return answer.ok ? answer.json() : [];
      }).then(function (names) {
        names.forEach(function (name) { list.appendChild(new Option("", name)); });
      }).catch(function () { /* A name typed in full is understood, too. */ });
    }, { once: true });
  });

  all("[data-back]").forEach(function (link) {
    // The browser's own way back keeps what stands in the form.
    link.addEventListener("click", function (event) {
      if (history.length > 1) { event.preventDefault(); history.back(); }
    });
  });

  // Keys.
  var after = "";
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target) || one("dialog[open]")) return;
    var key = event.key;
    if (after === "g") {
      after = "";
      var link = all("nav a[data-go]").find(function (each) { return each.dataset.go === key; });
      if (link) { event.preventDefault(); location.href = link.href; }
      return;
    }
    if (key === "g") { after = "g"; setTimeout(function () { after = ""; }, 1200); return; }
    if (key === "?" && one("#shortcuts")) { event.preventDefault(); one("#shortcuts").showModal(); }
    else if (key === "/" && one("[data-find]")) { event.preventDefault(); seek(); }
    else if (key === "f" && one("[data-search]")) { event.preventDefault(); one("[data-search]").focus(); }
    else if (key === "j" || key === "k") step(key === "j" ? 1 : -1);
    else {
      var own = all("[data-key]").find(function (each) { return each.dataset.key === key; });
      if (!own) return;
      event.preventDefault();
      own.focus();
      if (own.nodeName !== "SUMMARY") { own.click(); return; }
      // What is open stays open: the key leads into it.
      own.parentNode.open = true;
      var field = own.parentNode.querySelector("textarea, select, input:not([type=hidden])");
      if (field) field.focus();
    }
  });
  // The search of every page stands beside the page, or on a phone in its menu.
  function seek() {
    var shown = function () { return all("[data-find]").find(function (each) { return each.offsetParent && !each.closest("details:not([open])"); }); };
    if (!shown()) one("details.menu").open = true;
    shown().focus();
  }
  function step(by) {
    var rows = all("[data-row]").filter(function (row) { return !row.hidden; });
    var now = rows.findIndex(function (row) { return row.contains(document.activeElement); });
    var next = rows[now < 0 ? (by > 0 ? 0 : rows.length - 1) : Math.min(Math.max(now + by, 0), rows.length - 1)];
    var link = next && next.querySelector("a");
    if (link) link.focus();
  }

  // What changes elsewhere: the elements with data-topic are fetched again, unless somebody types in them.
  var source = null;
  function topics() {
    var names = all("[data-topic]").map(function (each) { return each.dataset.topic; });
    return names.filter(function (name, at) { return names.indexOf(name) === at; });
  }
  function listen() {
    if (source || document.hidden || !topics().length || !window.EventSource) return;
    source = new EventSource("/console/events?topics=" + encodeURIComponent(topics().join(",")));
    source.addEventListener("changed", function (event) { refresh(event.data); });
    // Told that too many wait, a browser gives up for good.
    source.addEventListener("error", function (event) {
      if (event.target.readyState !== EventSource.CLOSED) return;
      silence();
      setTimeout(listen, 15000);
    });
    source.addEventListener("signed-out", function () { silence(); one("[data-signed-out]").hidden = false; });
  }
  function silence() { if (source) { source.close(); source = null; } }
  // The server leaves out the rows that this page has already.
  function refresh(topic) {
    var has = all("[data-mark]").map(function (row) { return row.dataset.row + "=" + row.dataset.mark; });
    fetch(location.href, { headers: { "X-Background": "1", "X-Topic": topic, "X-Rows": has.join(",") } }).then(function (answer) {
      return answer.ok ? answer.text() : null;
    }).then(function (html) {
      if (html === null) return;
      var fresh = new DOMParser().parseFromString(html, "text/html");
      all("[data-topic]").forEach(function (old) {
        var other = fresh.getElementById(old.id);
        if (old.dataset.topic === topic && other) renew(old, other);
      });
      sift();
    }).catch(function () { /* The next change tries again. */ });
  }
  function renew(old, other) {
    var here = document.activeElement, within = old.contains(here);
    var list = rowsOf(old), fresh = rowsOf(other);
    if (list && fresh) renewRows(old, list, fresh);
    else if (within && typing(here)) return;
    else old.replaceWith(other);
    if (!within || document.activeElement === here) return;
    var place = document.getElementById(old.id);
    var again = all("a, input[type=checkbox]", place).find(function (each) {
      return each.nodeName === here.nodeName && (each.getAttribute("href") || each.value) === (here.getAttribute("href") || here.value);
    });
    if (again) again.focus({ preventScroll: true });
  }
  function rowsOf(place) {
    var row = place.querySelector("[data-row]");
    return row && row.parentNode;
  }
  // A row that did not change stays where it is, with its ticks; one that did is exchanged, and ticked as before.
  function renewRows(place, list, fresh) {
    var ticks = {}, ticked = 0, lost = false, at = list.firstElementChild;
    var boxes = function (within) { return all("input[type=checkbox][value]", within); };
    boxes(place).forEach(function (box) { ticks[box.name + "=" + box.value] = box.checked; });
    Array.from(fresh.children).forEach(function (row) {
      var same = Array.from(list.children).find(function (each) {
        return row.dataset.same === undefined ? alike(each, row) : each.dataset.row === row.dataset.row;
      });
      if (same && same === at) { at = at.nextElementSibling; return; }
      if (!same && row.dataset.same !== undefined) { lost = true; return; } // It went away since we said that we have it.
      if (!same) boxes(row).forEach(function (box) {
        var known = ticks[box.name + "=" + box.value];
        if (known !== undefined) box.checked = known;
      });
      list.insertBefore(same || row, at);
    });
    while (at) { var gone = at; at = at.nextElementSibling; gone.remove(); }
    boxes(place).forEach(function (box) { delete ticks[box.name + "=" + box.value]; });
    Object.keys(ticks).forEach(function (name) { if (ticks[name]) ticked += 1; });
    if (ticked) tellGone(place, ticked);
    if (lost) refresh(place.dataset.topic);
  }
  // The key of a form is another one each time; whoever types in a row keeps it.
  function alike(old, row) {
    if (old.contains(document.activeElement) && typing(document.activeElement)) return old.dataset.row === row.dataset.row;
    var key = "input[name=_key]", keys = all(key, row), plain = old.cloneNode(true);
    all(key, plain).forEach(function (each, number) { if (keys[number]) each.setAttribute("value", keys[number].getAttribute("value")); });
    return plain.isEqualNode(row);
  }
  function tellGone(place, count) {
    var line = document.getElementById("gone") || document.createElement("p");
    line.id = "gone";
    line.className = "said near";
    line.setAttribute("role", "status");
    line.textContent = say("gone", count);
    place.insertAdjacentElement("beforebegin", line);
  }
  // Browsers allow six connections to a server: tabs in the background give theirs back.
  document.addEventListener("visibilitychange", function () {
    if (document.hidden) { silence(); return; }
    topics().forEach(refresh);
    listen();
  });
  window.addEventListener("pagehide", silence);
  listen();

  // A template goes into its field; what stands there already stays.
  all("[data-insert]").forEach(function (link) {
    link.addEventListener("click", function (event) {
      var field = document.getElementById(link.dataset.insert);
      if (!field) return;
      event.preventDefault();
      field.value = field.value.trim() ? field.value.replace(/\s*$/, "\n") + link.dataset.text : link.dataset.text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
      field.focus();
      var slot = field.value.indexOf("【");
      if (slot >= 0) field.setSelectionRange(slot, field.value.indexOf("】", slot) + 1);
    });
  });

  // Colleagues see that this case is open here.
  var open = one("[data-here]");
  if (open) {
    var tell = function (gone) {
      var typing = all("textarea", open).some(function (field) { return field.value !== field.defaultValue; });
      var body = new URLSearchParams(gone ? { gone: "1" } : { typing: typing ? "1" : "0" });
      fetch(open.dataset.here, { method: "POST", body: body, headers: { "X-Background": "1" }, keepalive: true })
        .catch(function () { /* The next one tells. */ });
    };
    tell(false);
    setInterval(function () { if (!document.hidden) tell(false); }, 15000);
    open.addEventListener("change", function () { tell(false); });
    window.addEventListener("pagehide", function () { tell(true); });
  }

  // A code for the chat: the page looks whether it was sent, and goes in once the chat agreed.
  var screen = one("form[data-screen]");
  if (screen) {
    var look = function () {
      if (document.hidden) { setTimeout(look, 2000); return; }
      fetch(screen.dataset.screen, { headers: { "X-Background": "1" } }).then(function (answer) { return answer.text(); }).then(function (state) {
        if (state === "approved") screen.requestSubmit();
        else if (state !== screen.dataset.state) location.reload();
        else setTimeout(look, 2000);
      }).catch(function () { setTimeout(look, 4000); });
    };
    setTimeout(look, screen.dataset.state === "approved" ? 0 : 2000);
  }

  // A Mini App: what the chat put behind the # is handed over when somebody presses, and only then: an address that
  // others made would sign this browser in as them.  It leaves the history at once.
  var app = one("form[data-mini-app]");
  if (app) {
    var given = new URLSearchParams(location.hash.slice(1)).get("tgWebAppData");
    app.elements.init_data.value = given || "";
    if (given) {
      history.replaceState(null, "", location.pathname);
      try { one("[data-who]", app).textContent = JSON.parse(new URLSearchParams(given).get("user")).first_name || ""; }
      catch (error) { /* Then the server refuses it. */ }
    }
  }
})();
