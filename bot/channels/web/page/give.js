// What somebody can send besides words: a photo, a place, a telephone number, a voice note.
(function () {
  "use strict";
  var LARGEST = 20 * 1024 * 1024; // bytes
  var MOST = 9; // photos at once
  var CAPTION = 200; // letters
  var LONGEST = 60; // seconds of a voice note
  var input = NX.id("input");

  NX.offer = function () {
    NX.sheet(NX.say("attach"), function (sheet, shut) {
      sheet.appendChild(NX.option("photo", NX.say("photo"), NX.say("photo_hint"), function () { shut(); NX.id("file").click(); }));
      sheet.appendChild(NX.option("pin", NX.say("locate"), NX.say("locate_hint"), NX.askPlace));
      if (window.MediaRecorder && navigator.mediaDevices && window.isSecureContext) {
        sheet.appendChild(NX.option("mic", NX.say("voice"), NX.say("voice_hint"), record));
      }
    });
  };

  // ---- photos

  NX.id("file").addEventListener("change", function () {
    var chosen = Array.prototype.slice.call(this.files, 0, MOST), all = this.files.length;
    this.value = "";
    if (!chosen.length) return;
    if (all > MOST) NX.toast(NX.say("too_many", { most: MOST }));
    Promise.all(chosen.map(NX.shrink)).then(function (files) {
      var fit = files.filter(function (file) { return file.size <= LARGEST; });
      if (fit.length < files.length) NX.alert(NX.say("too_large"));
      else look(fit);
    });
  });

  // Look at the photos before they go, and say something with them.
  function look(files) {
    var photos = files.map(function (file) { return { kind: "photos", file: file, local: URL.createObjectURL(file) }; });
    NX.sheet(NX.say("photo"), function (sheet, shut) {
      var words = NX.el("input", { type: "text", maxlength: String(CAPTION), enterkeyhint: "send" });
      var strip = NX.el("div", { class: "strip" + (photos.length > 1 ? " many" : "") }, photos.map(function (photo) {
        return NX.el("img", { class: "preview", src: photo.local, alt: NX.say("photo_alt") });
      }));
      var form = NX.el("form", {}, [
        strip,
        NX.el("label", {}, [NX.say("caption"), words]),
        NX.el("div", { class: "answers" }, [
          NX.el("button", { type: "button", class: "plainly", text: NX.say("cancel"), on: { click: shut } }),
          NX.el("button", { type: "submit", class: "main", text: NX.say("send"), "data-focus": true })
        ])
      ]);
      form.addEventListener("submit", function (event) {
        event.preventDefault();
        shut();
        var album = photos.length > 1 ? NX.key() : undefined; // Photos sent together are spoken of once.
        photos.forEach(function (photo, at) { NX.send(NX.asReply({ album: album, caption: at ? undefined : words.value.trim() || undefined }), photo); });
      });
      sheet.appendChild(form);
    });
  }

  // ---- places: by the phone, by the map, by words

  NX.askPlace = function () {
    NX.sheet(NX.say("where"), function (sheet, shut) {
      if (navigator.geolocation && window.isSecureContext) {
        sheet.appendChild(NX.option("target", NX.say("locate"), NX.say("locate_hint"), function () { locate(sheet, shut); }));
      }
      sheet.appendChild(NX.option("map", NX.say("map"), NX.say("map_hint"), function () { shut(); NX.map(); }));
      sheet.appendChild(NX.option("text", NX.say("type_place"), NX.say("type_place_hint"), function () {
        shut();
        input.placeholder = NX.say("input_place");
        input.focus();
      }));
    });
  };

  function locate(sheet, shut) {
    var wait = NX.el("p", { class: "ask", role: "status", text: NX.say("locating") });
    sheet.insertBefore(wait, sheet.children[1]);
    var done = false;
    function refused() {
      if (done) return;
      done = true;
      wait.textContent = NX.say("locate_refused");
    }
    // Some in-app browsers never call back: a clock of our own.
    setTimeout(refused, 12000);
    navigator.geolocation.getCurrentPosition(function (found) {
      if (done || !document.contains(sheet)) return;
      done = true;
      shut();
      NX.send({ location: { latitude: found.coords.latitude, longitude: found.coords.longitude, accuracy: found.coords.accuracy } });
    }, refused, { enableHighAccuracy: true, timeout: 10000, maximumAge: 30000 });
  }

  // ---- telephone number

  NX.askContact = function () {
    NX.sheet(NX.say("contact_title"), function (sheet, shut) {
      var phone = NX.el("input", { type: "tel", inputmode: "tel", autocomplete: "tel", maxlength: "20", "data-focus": true });
      var name = NX.el("input", { type: "text", autocomplete: "name", maxlength: "30" });
      var form = NX.el("form", {}, [
        NX.el("p", { class: "ask", text: NX.say("contact_hint") }),
        NX.el("label", {}, [NX.say("contact_phone"), phone]),
        NX.el("label", {}, [NX.say("contact_name"), name]),
        NX.el("div", { class: "answers one" }, [NX.el("button", { type: "submit", class: "main", text: NX.say("contact_send") })])
      ]);
      form.addEventListener("submit", function (event) {
        event.preventDefault();
        if (!phone.value.trim()) { phone.focus(); return; }
        shut();
        NX.send({ contact: { phone: phone.value.trim(), name: name.value.trim() } });
      });
      sheet.appendChild(form);
    });
  };

  // ---- voice notes, where the browser can record

  function record() {
    navigator.mediaDevices.getUserMedia({ audio: true }).then(function (stream) {
      var kind = ["audio/ogg;codecs=opus", "audio/webm;codecs=opus", "audio/mp4"].filter(function (each) {
        return MediaRecorder.isTypeSupported(each);
      })[0];
      var recorder = new MediaRecorder(stream, kind ? { mimeType: kind } : undefined);
      var pieces = [], began = Date.now(), wanted = false;
      recorder.ondataavailable = function (event) { if (event.data.size) pieces.push(event.data); };
      recorder.onstop = function () {
        stream.getTracks().forEach(function (track) { track.stop(); });
        if (!wanted || !pieces.length) return;
        var file = new Blob(pieces, { type: (recorder.mimeType || "audio/webm").split(";")[0] });
        var seconds = Math.max(1, Math.round((Date.now() - began) / 1000));
        NX.send(NX.asReply({}), { kind: "voices", file: file, local: URL.createObjectURL(file), seconds: seconds });
      };
      recorder.start(1000);
      recording(recorder, began, function () { wanted = true; });
    }, function () { NX.alert(NX.say("voice_refused")); });
  }

  function recording(recorder, began, keep) {
    var timer = null;
    function end() { clearInterval(timer); if (recorder.state !== "inactive") recorder.stop(); }
    NX.sheet(NX.say("voice_recording"), function (sheet, shut) {
      var clock = NX.el("p", { class: "ask", role: "timer", text: NX.say("seconds", { seconds: 0 }) });
      function finish() { keep(); shut(); }
      timer = setInterval(function () {
        var seconds = Math.round((Date.now() - began) / 1000);
        clock.textContent = NX.say("seconds", { seconds: seconds });
        if (seconds >= LONGEST) finish();
      }, 500);
      sheet.appendChild(clock);
      sheet.appendChild(NX.el("div", { class: "answers" }, [
        NX.el("button", { type: "button", class: "plainly", text: NX.say("cancel"), on: { click: shut } }),
        NX.el("button", { type: "button", class: "main", text: NX.say("voice_stop"), "data-focus": true, on: { click: finish } })
      ]));
    }, { closed: end });
  }
})();
