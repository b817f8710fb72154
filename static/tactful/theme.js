// Sets the chosen theme before the first paint. Loaded in <head>, without defer, on purpose.
(() => {
  "use strict";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => {
    try {
      return localStorage.getItem("tactful-theme");
    } catch {
      return null; // storage is closed to this page: follow the system
    }
  };
  const apply = () => {
    const theme = chosen() ?? (dark.matches ? "dark" : "light");
    document.documentElement.setAttribute("data-bs-theme", theme);
  };
  dark.addEventListener("change", apply);
  apply();
})();
