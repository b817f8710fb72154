// Sets the theme before the first paint: the chosen one, else the system's. No defer, on purpose.
(() => {
  "use strict";
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const chosen = document.cookie.match(/(?:^|; )theme=(dark|light)(?:;|$)/)?.[1];
    document.documentElement.setAttribute("data-bs-theme", chosen ?? (dark.matches ? "dark" : "light"));
  };
  dark.addEventListener("change", apply);
  apply();
})();
