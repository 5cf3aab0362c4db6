// Elements, and how numbers are written.

export const byId = (id) => document.getElementById(id);

/** Make an element: make("p", {class: "note", onclick: f}, "text", child). Values of null, undefined and false are left out. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

const THIN = "\u202f";
export const whole = (number) => String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, THIN).replace("-", "−");
export const seconds = (number) => `${number.toFixed(number < 100 ? 1 : 0)}${THIN}s`;
export const rate = (number) => `${whole(number)}${THIN}bit/s`;
export const clock = (number) => `${Math.floor(Math.round(number) / 60)}:${String(Math.round(number) % 60).padStart(2, "0")}`;
export const bytes = (number) => `${whole(number)} bytes`;

/** Decibels of a magnitude, not below the meters' lowest. */
export const decibels = (magnitude) => Math.max(-60, 20 * Math.log10(magnitude + 1e-9));

/** Write a file's name with another suffix. */
export const renamed = (name, suffix) => name.replace(/\.[^.]*$/, "") + suffix;
