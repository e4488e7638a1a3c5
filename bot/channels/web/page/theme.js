// Before the first paint: what somebody chose to see by, kept on this phone only.
(function () {
  "use strict";
  try {
    var root = document.documentElement;
    var theme = localStorage.getItem("nuanxin:theme");
    var size = localStorage.getItem("nuanxin:size");
    if (theme === "light" || theme === "dark") root.setAttribute("data-theme", theme);
    if (size === "large") root.setAttribute("data-size", size);
  } catch (error) {
    // Private windows refuse the storage; the phone's own choice stands.
  }
})();
