// One look for both cards, in the colours of the user's theme, light and dark. Everything that is touched is at least
// 56 px high, and states are told by words, not by colours alone.
export const STYLE = `
  :host { display: block; height: 100%; }
  ha-card { height: 100%; box-sizing: border-box; padding: 16px; display: flex; flex-direction: column; gap: 12px; }
  h2 { margin: 0; font-size: 24px; line-height: 1.2; font-weight: 600; overflow-wrap: anywhere; }
  .head { display: flex; flex-direction: column; gap: 4px; }
  .figures { color: var(--secondary-text-color); font-size: 16px; min-height: 1.3em; }
  .now { min-height: 78px; border-radius: 12px; padding: 12px 16px; box-sizing: border-box; display: flex;
    align-items: center; gap: 14px; background: var(--secondary-background-color); color: var(--primary-text-color); }
  .now ha-icon { --mdc-icon-size: 40px; flex: none; }
  .now strong { display: block; font-size: 22px; line-height: 1.2; }
  .now span { font-size: 17px; }
  .now.good { background: #1b5e20; color: #fff; }
  .now.bad { background: #b71c1c; color: #fff; }
  .now.plain strong { font-weight: 500; font-size: 18px; }
  button { font: inherit; border: 0; border-radius: 12px; min-height: 56px; padding: 8px 16px; cursor: pointer;
    background: var(--secondary-background-color); color: var(--primary-text-color); font-size: 18px;
    touch-action: manipulation; overflow-wrap: anywhere; }
  button:focus-visible { outline: 3px solid var(--primary-text-color); outline-offset: 2px; }
  button:disabled { cursor: default; opacity: 0.5; }
  .open { min-height: 88px; font-size: 26px; font-weight: 600; background: #01579b; color: #fff;
    display: flex; align-items: center; justify-content: center; gap: 12px; }
  .open ha-icon { --mdc-icon-size: 34px; }
  .row { display: flex; gap: 12px; }
  .row > * { flex: 1; min-width: 0; }
  .modes { display: flex; gap: 8px; }
  .modes button { flex: 1; min-width: 0; padding: 8px 4px; }
  .modes button[aria-pressed="true"] { background: #37474f; color: #fff; font-weight: 600; }
  .modes button[aria-pressed="true"].lockdown { background: #b71c1c; }
  .modes button[aria-pressed="true"].free { background: #9c3d00; }
  .ask { border-radius: 12px; padding: 12px; border: 3px solid #01579b; display: flex; flex-direction: column;
    gap: 12px; }
  .ask p { margin: 0; font-size: 22px; font-weight: 600; }
  .yes { background: #01579b; color: #fff; font-weight: 600; }
  .ask button { min-height: 72px; font-size: 22px; }
  .note { margin: 0; font-size: 16px; color: var(--primary-text-color); }
  ul { list-style: none; margin: 0; padding: 0; display: grid; gap: 8px;
    grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); }
  li { border-radius: 12px; padding: 12px 16px; display: flex; align-items: center; gap: 14px; font-size: 20px;
    background: #b71c1c; color: #fff; }
  li.broken { background: #7a4100; }
  li strong { display: block; font-size: 22px; }
  li ha-icon { --mdc-icon-size: 36px; flex: none; }
  .calm { display: flex; align-items: center; gap: 12px; font-size: 20px; }
  .calm ha-icon { --mdc-icon-size: 28px; color: var(--success-color, #2e7d32); flex: none; }
  .calm .figures { margin-inline-start: auto; }
  [hidden] { display: none !important; }
`;

/** Make an element: tag, attributes and listeners ("onclick"), children. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (typeof value === "boolean") element.toggleAttribute(name, value);
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** A card's root: the style, and one ha-card to draw in. */
export function card(host) {
  const root = host.attachShadow({ mode: "open" });
  const body = document.createElement("ha-card");
  root.append(make("style", {}, STYLE), body);
  return body;
}
