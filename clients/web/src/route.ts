/** Where one is: all of it stands in the address, behind its `#`, so that it can be kept, sent and gone back to. */
import { useEffect, useState } from "preact/hooks";

/** A place: its path in parts, and what is chosen there. */
export interface Place {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

function read(): Place {
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { path: path.split("/").filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
}

/** Returns the address of a place. */
export function link(path: readonly string[], query: Record<string, string> = {}): string {
  const chosen = new URLSearchParams(Object.entries(query).filter(([, value]) => value));
  return `#/${path.map(encodeURIComponent).join("/")}${chosen.size ? `?${chosen}` : ""}`;
}

/** Goes to an address; `instead`: the present one is not kept to go back to. */
export function go(address: string, { instead = false } = {}): void {
  if (instead) location.replace(address);
  else location.hash = address;
}

/** Returns where one is, whenever that changes. */
export function usePlace(): Place {
  const [place, set] = useState(read);
  useEffect(() => {
    const changed = () => set(read());
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return place;
}
