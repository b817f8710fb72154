// <tactful-choices>: a person's choices inside a page of yours.
//
//   <script type="module" src="https://tactful.example/widget/v1/tactful-choices.js"></script>
//   <tactful-choices token="<subject token>" lang="de"></tactful-choices>
//
// Your server mints the token (POST /api/v1/subject-tokens) for this person and this page's origin.
// No cookie, no storage, no inline style or script: the page's policy needs only script-src and
// connect-src for the server above. Events, which bubble: `tactful-ready` once the choices are
// shown, `tactful-saved` after a save, `tactful-expired` when the token has run out (set a new
// `token`, what the person had switched stays), `tactful-failed` when the server gave no answer.

const SERVER = new URL(import.meta.url).origin;

// Said while the server has not answered yet; the rest of the words comes with its answer.
const BEFORE = {
  en: {
    load: "Loading your choices",
    failed: "Your choices could not be loaded. Check your connection and try again.",
    ran_out: "You have been here for a while. Load the page again to change your choices.",
    foreign: "Your choices cannot be shown on this page. Open them where you have your account.",
    retry: "Try again",
  },
  de: {
    load: "Ihre Entscheidungen werden geladen",
    failed: "Ihre Entscheidungen konnten nicht geladen werden. Prüfen Sie Ihre Verbindung und versuchen Sie es noch einmal.",
    ran_out: "Sie sind schon eine Weile hier. Laden Sie die Seite neu, um Ihre Entscheidungen zu ändern.",
    foreign: "Ihre Entscheidungen können auf dieser Seite nicht gezeigt werden. Öffnen Sie sie dort, wo Sie Ihr Konto haben.",
    retry: "Noch einmal versuchen",
  },
};

const STYLE = `
:host { display: block; color-scheme: inherit; font: inherit; line-height: 1.5; color: inherit; overflow-wrap: break-word; }
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
h2 { margin: 0 0 .25rem; font-size: 1.25em; line-height: 1.3; }
p { margin: 0 0 .75rem; }
ul { margin: 0 0 1rem; padding: 0; list-style: none; }
li { padding: .625rem 0; border-top: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
li p { margin: 0; }
label { display: flex; gap: .75rem; align-items: center; min-height: 2.75rem; font-weight: 600; cursor: pointer; }
label span:first-of-type { flex: 1; }
input { flex: none; width: 1.5rem; height: 1.5rem; margin: 0; accent-color: var(--tactful-accent, AccentColor); }
.state { min-width: 2em; font-weight: 400; text-align: end; }
.both { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(11rem, 100%), 1fr)); gap: .75rem; margin: 1rem 0; }
button { min-height: 2.75rem; padding: .5rem 1rem; border: 2px solid currentColor; border-radius: 8px; background: none; color: inherit; font: inherit; font-weight: 600; cursor: pointer; }
button[aria-disabled=true] { cursor: progress; }
:focus-visible { outline: 3px solid var(--tactful-accent, currentColor); outline-offset: 2px; }
summary { min-height: 2.75rem; padding: .5rem 0; cursor: pointer; }
details p { white-space: pre-line; }
[role=status] { margin: .75rem 0 0; font-weight: 600; }
[role=status]:empty { margin: 0; }
`;

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role" || key === "lang") made.setAttribute(key, value);
    else made[key] = value;
  }
  made.append(...children.filter(Boolean));
  return made;
}

// A number that counts once: the server takes a save with it a single time. It needs no secret.
function nonce() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

class Refused extends Error {
  constructor(status) {
    super(`Tactful answered ${status}`);
    this.status = status;
  }
}

class TactfulChoices extends HTMLElement {
  static observedAttributes = ["token", "lang"];

  #body = element("div");
  // The live region stays while what it speaks of is replaced: only so it is read aloud.
  #status = element("p", { role: "status" });
  #inputs = [];
  #clicks = 0;
  #request = 0;
  #notices = [];
  #words = null;

  connectedCallback() {
    if (!this.shadowRoot) {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(STYLE);
      const root = this.attachShadow({ mode: "open" });
      root.adoptedStyleSheets = [sheet];
      root.append(this.#body, this.#status);
    }
    this.load();
  }

  attributeChangedCallback(name, before, after) {
    if (this.shadowRoot && before !== after) this.load(name === "token" ? this.#unsaved() : null);
  }

  get #language() {
    const asked = (this.lang || this.closest("[lang]")?.lang || "en").slice(0, 2).toLowerCase();
    return asked in BEFORE ? asked : "en";
  }

  async #ask(options = {}) {
    const answer = await fetch(`${SERVER}/api/v1/consent/me?lang=${this.#language}`, {
      ...options,
      credentials: "omit",
      cache: "no-store",
      referrerPolicy: "no-referrer",
      headers: {
        Authorization: `Bearer ${this.getAttribute("token") ?? ""}`,
        ...(options.body ? { "Content-Type": "application/json" } : {}),
      },
    });
    if (!answer.ok) throw new Refused(answer.status);
    return answer.json();
  }

  /** The switches as the person has set them and not saved yet; null where nothing waits. */
  #unsaved() {
    return this.#clicks ? new Set(this.#inputs.filter((input) => input.checked).map((input) => input.id)) : null;
  }

  #tell(name, detail = {}) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, composed: true, detail }));
  }

  async load(kept = null) {
    const request = ++this.#request;
    const before = BEFORE[this.#language];
    const focused = this.shadowRoot.activeElement?.id ?? "";
    if (!this.#words) this.#body.replaceChildren(element("p", { lang: this.#language, textContent: before.load }));
    this.#status.textContent = "";
    try {
      const told = await this.#ask();
      if (request !== this.#request) return; // a newer token or language has been set meanwhile
      this.#show(told, kept);
      if (focused) this.shadowRoot.getElementById(focused)?.focus();
      this.#tell("tactful-ready");
    } catch (problem) {
      if (request === this.#request) this.#fail(problem);
    }
  }

  /** Nothing can be shown: say why, and what helps. */
  #fail(problem) {
    const words = BEFORE[this.#language];
    const said = { 401: words.ran_out, 403: words.foreign }[problem.status] ?? words.failed;
    this.#words = null;
    this.#inputs = [];
    this.#body.replaceChildren(
      element("p", { role: "alert", lang: this.#language, textContent: said }),
      problem.status === 403 ? null : element("button", {
        type: "button", id: "retry", lang: this.#language, textContent: words.retry, onclick: () => this.load(),
      }),
    );
    this.#tell(problem.status === 401 ? "tactful-expired" : "tactful-failed", { status: problem.status ?? 0 });
  }

  #show(told, kept = null) {
    const words = (this.#words = told.words);
    this.#clicks = kept ? 1 : 0;
    this.#notices = told.notices.map((notice) => notice.version);
    this.#body.lang = told.language;
    this.#status.lang = told.language;
    if (told.erased) {
      this.#inputs = [];
      this.#body.replaceChildren(element("p", { textContent: words.erased }));
      return;
    }
    const rows = told.types.map((type) => this.#row(type, words, kept));
    this.#inputs = rows.map(([input]) => input);
    const button = (id, text, on) =>
      element("button", { type: "button", id, textContent: text, onclick: () => this.#save(on(), id) });
    const chosen = () => this.#inputs.filter((input) => input.checked).map((input) => input.id);
    this.#body.replaceChildren(...[
      element("h2", { textContent: words.title }),
      ...(told.notices.length
        ? told.notices.map((notice) => element("p", { textContent: notice.short }))
        : [element("p", { textContent: words.lede })]),
      told.told.length > 0 && element("p", { textContent: `${words.told} ${told.told.join(", ")}.` }),
      told.gpc && element("p", { textContent: words.gpc }),
      element("div", { className: "both" },
        button("all-off", words.all_off, () => []),
        button("all-on", words.all_on, () => this.#inputs.filter((input) => !input.disabled).map((input) => input.id))),
      element("ul", {}, ...rows.map(([, row]) => row)),
      button("save", words.save, chosen),
      ...told.notices.map((notice) => element("details", {},
        element("summary", { textContent: `${words.notice_full}: ${notice.title}` }),
        element("p", { textContent: notice.full }))),
    ].filter(Boolean));
  }

  #row(type, words, kept) {
    const input = element("input", {
      type: "checkbox", role: "switch", id: type.key, disabled: type.closed,
      checked: kept ? kept.has(type.key) : type.on, "aria-describedby": `${type.key}-help`,
    });
    const say = () => (input.checked ? words.on : words.off);
    const state = element("span", { className: "state", textContent: say(), "aria-hidden": "true" });
    input.onchange = () => {
      this.#clicks += 1;
      state.textContent = say();
      this.#status.textContent = "";
    };
    const help = [type.help, type.by_default ? words.default : "", type.note].filter(Boolean).join(" ");
    return [input, element("li", {},
      element("label", { htmlFor: type.key }, element("span", { textContent: type.title }), state, input),
      element("p", { id: `${type.key}-help`, textContent: help }))];
  }

  async #save(on, from) {
    const buttons = [...this.#body.querySelectorAll("button")];
    if (buttons.some((each) => each.ariaDisabled === "true")) return; // one save at a time
    const request = ++this.#request;
    const clicks = from === "save" ? this.#clicks + 1 : 1;
    // Disabled for assistive technology only: a button that is really disabled loses the focus.
    for (const each of buttons) each.ariaDisabled = "true";
    try {
      const told = await this.#ask({ method: "POST", body: JSON.stringify({ on, clicks, nonce: nonce(), notices: this.#notices }) });
      if (request !== this.#request) return;
      this.#show(told);
      if (!told.erased) {
        const said = { "all-off": "saved_off", "all-on": "saved_on", save: "saved" }[from];
        this.#status.textContent = told.words[told.changed ? said : "unchanged"];
      }
      this.shadowRoot.getElementById(from)?.focus();
      this.#tell("tactful-saved", {
        on: told.types.filter((type) => type.on).map((type) => type.key), changed: told.changed, receipt: told.receipt,
      });
    } catch (problem) {
      if (request !== this.#request) return;
      // What the person switched stays where it is; they lose nothing by an error.
      const words = this.#words;
      this.#status.textContent = { 401: words.ran_out, 403: words.foreign }[problem.status] ?? words.failed_save;
      for (const each of buttons) each.ariaDisabled = "false";
      this.#tell(problem.status === 401 ? "tactful-expired" : "tactful-failed", { status: problem.status ?? 0 });
    }
  }
}

customElements.define("tactful-choices", TactfulChoices);
