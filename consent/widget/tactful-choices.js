// <tactful-choices>: a person's choices inside a page of yours.
//
//   <script type="module" src="https://tactful.example/widget/v1/tactful-choices.js"></script>
//   <tactful-choices token="<subject token>" lang="de"></tactful-choices>
//
// Your server mints the token (POST /api/v1/subject-tokens) for this person and this page's origin.
// No cookie, no storage, no inline style or script: the page's policy needs only script-src and
// connect-src for the server above. `tactful-saved` is dispatched after a save; when the token has
// run out `tactful-expired` is, and the page sets a new `token`.

const SERVER = new URL(import.meta.url).origin;

const STYLE = `
:host { display: block; color-scheme: inherit; font: inherit; color: inherit; overflow-wrap: break-word; }
h2 { margin: 0 0 .25rem; font-size: 1.25em; }
p { margin: 0 0 .75rem; }
ul { margin: 0; padding: 0; list-style: none; }
li { padding: .75rem 0; border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
label { display: flex; gap: .75rem; align-items: center; min-height: 2.75rem; font-weight: 600; cursor: pointer; }
label span:first-of-type { flex: 1; }
input { width: 1.5rem; height: 1.5rem; accent-color: var(--tactful-accent, #3347b5); }
.state { min-width: 2.5em; font-weight: 400; }
.both { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; margin: 1rem 0; }
button { min-height: 2.75rem; padding: .5rem 1rem; border: 2px solid currentColor; border-radius: 8px; background: none; color: inherit; font: inherit; font-weight: 600; cursor: pointer; }
button:disabled { opacity: .6; cursor: progress; }
:focus-visible { outline: 3px solid var(--tactful-accent, #3347b5); outline-offset: 2px; }
summary { min-height: 2.75rem; padding: .5rem 0; cursor: pointer; }
[role=status] { min-height: 1.5em; font-weight: 600; }
`;

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children);
  return made;
}

class TactfulChoices extends HTMLElement {
  static observedAttributes = ["token", "lang"];

  connectedCallback() {
    if (!this.shadowRoot) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      this.attachShadow({ mode: "open" }).adoptedStyleSheets = [sheet];
    }
    this.load();
  }

  attributeChangedCallback(name, before, after) {
    if (this.shadowRoot && before !== after) this.load();
  }

  async ask(options = {}) {
    const language = (this.lang || document.documentElement.lang || "en").slice(0, 2);
    const answer = await fetch(`${SERVER}/api/v1/consent/me?lang=${language}`, {
      ...options,
      credentials: "omit",
      cache: "no-store",
      headers: {
        Authorization: `Bearer ${this.getAttribute("token") ?? ""}`,
        ...(options.body ? { "Content-Type": "application/json" } : {}),
      },
    });
    if (answer.status === 401) this.dispatchEvent(new CustomEvent("tactful-expired", { bubbles: true }));
    if (!answer.ok) throw new Error(`Tactful answered ${answer.status}`);
    return answer.json();
  }

  async load() {
    this.shadowRoot.replaceChildren(element("p", { role: "status", textContent: "…" }));
    try {
      this.show(await this.ask());
    } catch {
      this.fail();
    }
  }

  fail() {
    const german = (this.lang || document.documentElement.lang).startsWith("de");
    const sorry = this.words?.failed ?? (german
      ? "Ihre Entscheidungen konnten nicht geladen oder gespeichert werden. Versuchen Sie es noch einmal."
      : "Your choices could not be loaded or saved. Try again.");
    const again = this.words?.retry ?? (german ? "Noch einmal versuchen" : "Try again");
    this.shadowRoot.replaceChildren(
      element("p", { role: "alert", textContent: sorry }),
      element("button", { type: "button", textContent: again, onclick: () => this.load() }),
    );
  }

  show(told, said = "", focus = "") {
    const words = (this.words = told.words);
    const status = element("p", { role: "status", textContent: said });
    if (told.erased) {
      this.shadowRoot.replaceChildren(element("p", { textContent: words.erased }));
      return;
    }
    const switches = told.types.map((type) => {
      const input = element("input", {
        type: "checkbox", role: "switch", id: type.key, checked: type.on, "aria-describedby": `${type.key}-help`,
      });
      const state = element("span", { className: "state", textContent: type.on ? words.on : words.off, "aria-hidden": "true" });
      input.onchange = () => {
        state.textContent = input.checked ? words.on : words.off;
      };
      const help = type.by_default ? `${type.help} ${words.default}` : type.help;
      return [input, element("li", {},
        element("label", { htmlFor: type.key }, element("span", { textContent: type.title }), state, input),
        element("p", { id: `${type.key}-help`, textContent: help }))];
    });
    const inputs = switches.map(([input]) => input);
    const save = (id, text, on) => element("button", { type: "button", id, textContent: text, onclick: () => this.save(on(), id) });
    this.shadowRoot.replaceChildren(
      element("h2", { textContent: words.title }),
      ...(told.notice ? [element("p", { textContent: told.notice.short }),
        element("details", {}, element("summary", { textContent: words.notice_full }), element("p", { textContent: told.notice.full }))] : []),
      ...(told.gpc ? [element("p", { textContent: words.gpc })] : []),
      element("div", { className: "both" },
        save("all-off", words.all_off, () => []),
        save("all-on", words.all_on, () => inputs.map((input) => input.id))),
      element("ul", {}, ...switches.map(([, row]) => row)),
      save("save", words.save, () => inputs.filter((input) => input.checked).map((input) => input.id)),
      status,
    );
    if (focus) this.shadowRoot.getElementById(focus)?.focus();
  }

  async save(on, from) {
    for (const each of this.shadowRoot.querySelectorAll("button, input")) each.disabled = true;
    try {
      const told = await this.ask({ method: "POST", body: JSON.stringify({ on, nonce: crypto.randomUUID() }) });
      this.show(told, told.changed ? this.words.saved : this.words.unchanged, from);
      this.dispatchEvent(new CustomEvent("tactful-saved", { bubbles: true, detail: { on, changed: told.changed } }));
    } catch {
      this.fail();
    }
  }
}

customElements.define("tactful-choices", TactfulChoices);
