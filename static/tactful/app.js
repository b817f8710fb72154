// Small comforts over pages that work without them: theme, sort, filter, copy, keyboard.
(() => {
  "use strict";
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));

  // Theme: one button, remembered.
  const showTheme = () => {
    const dark = document.documentElement.getAttribute("data-bs-theme") === "dark";
    all("[data-theme-toggle]").forEach((button) => {
      button.setAttribute("aria-label", dark ? "Use the light theme" : "Use the dark theme");
      all("[data-theme-icon]", button).forEach((icon) => {
        icon.hidden = (icon.dataset.themeIcon === "sun") !== dark;
      });
    });
  };
  const toggleTheme = () => {
    const next = document.documentElement.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    document.documentElement.setAttribute("data-bs-theme", next);
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${next}; path=/; max-age=31536000; samesite=lax${secure}`;
    showTheme();
  };

  // Tables: <table data-sortable>; a cell's data-sort-value wins over its text.
  const sortKey = (row, column) => {
    const cell = row.cells[column];
    if (!cell) return "";
    const moment = cell.querySelector("time[datetime]")?.getAttribute("datetime");
    return (cell.dataset.sortValue ?? moment ?? cell.textContent).trim();
  };
  // The number that a cell begins with: "1,792", "81.4 %", "0.85 (0.77 to 0.95)"; no dates.
  const leadingNumber = (text) => {
    if (/^\d{4}-\d{2}/.test(text)) return NaN;
    const match = text.replaceAll("\u2212", "-").match(/^-?[\d,]*\.?\d+/);
    return match ? Number(match[0].replaceAll(",", "")) : NaN;
  };
  const compare = (a, b) => {
    const [x, y] = [leadingNumber(a), leadingNumber(b)];
    if (!Number.isNaN(x) && !Number.isNaN(y) && x !== y) return x - y;
    return a.localeCompare(b, undefined, { numeric: true });
  };
  const sortBy = (table, header, column) => {
    const ascending = header.getAttribute("aria-sort") !== "ascending";
    all("th[aria-sort]", table).forEach((other) => other.removeAttribute("aria-sort"));
    header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    for (const body of table.tBodies) {
      const rows = Array.from(body.rows);
      rows.sort((a, b) => compare(sortKey(a, column), sortKey(b, column)) * (ascending ? 1 : -1));
      body.append(...rows);
    }
  };
  const prepareTable = (table) => {
    if (table.dataset.prepared) return;
    table.dataset.prepared = "yes";
    all("thead th", table).forEach((header, column) => {
      if (header.hasAttribute("data-no-sort") || !header.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort-button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => sortBy(table, header, column));
    });
  };
  const prepareFilter = (input) => {
    const table = document.getElementById(input.dataset.filters);
    if (!table || input.dataset.prepared) return;
    input.dataset.prepared = "yes";
    input.hidden = false;
    const status = document.getElementById(`${input.dataset.filters}-count`);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      const rows = all("tbody tr", table);
      const shown = rows.filter((row) => {
        const text = row.textContent.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
        return !row.hidden;
      });
      if (status) status.textContent = `${shown.length} of ${rows.length} rows`;
    });
  };

  // Copy: <button data-copy="#id"> copies that element's text.
  const copy = async (button) => {
    const source = document.querySelector(button.dataset.copy);
    if (!source) return;
    await navigator.clipboard.writeText(source.value ?? source.textContent.trim());
    const label = button.getAttribute("aria-label");
    button.setAttribute("aria-label", "Copied");
    button.classList.add("text-pass");
    setTimeout(() => {
      button.setAttribute("aria-label", label);
      button.classList.remove("text-pass");
    }, 1500);
  };

  // Keyboard: "/" searches, "g" then a letter goes to a page, "?" lists the keys.
  let waitingForPage = false;
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  const onKey = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (waitingForPage) {
      waitingForPage = false;
      const link = all("a[data-go]").find((candidate) => candidate.dataset.go === event.key);
      if (link) link.click();
      return;
    }
    if (event.key === "g") {
      waitingForPage = true;
      setTimeout(() => (waitingForPage = false), 1200);
    } else if (event.key === "/") {
      const search = document.getElementById("site-search");
      if (search) {
        event.preventDefault();
        search.focus();
        search.select();
      }
    } else if (event.key === "?") {
      document.getElementById("keyboard-help")?.showModal();
    }
  };

  const prepare = (root) => {
    all("table[data-sortable]", root).forEach(prepareTable);
    all("input[data-filters]", root).forEach(prepareFilter);
  };
  document.addEventListener("DOMContentLoaded", () => {
    prepare(document);
    showTheme();
  });
  document.addEventListener("htmx:load", (event) => prepare(event.target));
  document.addEventListener("keydown", onKey);
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-copy], [data-theme-toggle], [data-closes], [data-prints]");
    if (!button) return;
    if (button.dataset.copy) copy(button);
    if ("themeToggle" in button.dataset) toggleTheme();
    if (button.dataset.closes) document.getElementById(button.dataset.closes)?.close();
    if ("prints" in button.dataset) window.print();
  });
})();
