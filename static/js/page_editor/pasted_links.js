/* Addresses of links that are pasted. */

const SCHEMES = new Set(["http:", "https:", "mailto:", "tel:"]);
const MOST_DETOURS = 3;

/* The address that a redirect of a search engine or a mail filter leads to; "" if it is none. */
function behindDetour(url) {
  if (/^(www\.)?google\.[a-z.]+$/.test(url.hostname) && url.pathname === "/url") {
    return url.searchParams.get("q") ?? url.searchParams.get("url") ?? "";
  }
  return url.hostname.endsWith(".safelinks.protection.outlook.com") ? (url.searchParams.get("url") ?? "") : "";
}

/* Returns the address as it is stored; "" for one that means nothing here, such as a place in the original. */
export function cleanAddress(value) {
  let address = (value ?? "").trim();
  if (/^\/(?![/\\])/.test(address)) return address;
  for (let detours = 0; detours <= MOST_DETOURS; detours += 1) {
    if (!URL.canParse(address)) return "";
    const url = new URL(address);
    if (!SCHEMES.has(url.protocol)) return "";
    const next = behindDetour(url);
    // Pages of this site are linked without its name, so that the checks know them.
    if (!next) return url.origin === location.origin ? `${url.pathname}${url.search}${url.hash}` : address;
    address = next;
  }
  return "";
}
