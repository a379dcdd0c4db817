/** What a task told, as it tells it. */
import type { WatchEvent } from "@wharfinger/client/web";
import { useState } from "preact/hooks";
import type { Told } from "../story.js";
import { stateText, visible } from "../text.js";

const SHOWN = 400;
const LINE = 2000;

export function Log({ told }: { told: Told }) {
  const [wanted, set] = useState("");
  const lines = told.events.map((event) => [event, lineText(event)] as const);
  const fitting = wanted ? lines.filter(([, text]) => text.toLowerCase().includes(wanted.toLowerCase())) : lines;
  const shown = fitting.slice(-SHOWN);
  return (
    <section aria-label="Events">
      <h2>Events and log</h2>
      <label>
        Search in them <input type="search" value={wanted} onInput={(event) => set(event.currentTarget.value)} />
      </label>
      <p class="none" role="status">
        {shown.length === told.heard ? `${told.heard} in all` : `the last ${shown.length} of ${told.heard}`}
      </p>
      <ol class="log" tabIndex={0} aria-label="Events, oldest first">
        {shown.map(([event, text]) => (
          <li key={event.sequence} class={event.kind === "log" ? event.level.toLowerCase() : event.kind}>
            <time dateTime={event.time?.toISOString()} title={event.time?.toISOString()}>
              {event.time?.toLocaleTimeString() ?? ""}
            </time>
            <span>{text}</span>
          </li>
        ))}
      </ol>
    </section>
  );
}

function lineText(event: WatchEvent): string {
  const cut = (text: string) => visible(text.length > LINE ? `${text.slice(0, LINE)} … (cut)` : text);
  switch (event.kind) {
    case "state":
      return `${stateText(event.state)}${event.actor ? ` by ${visible(event.actor)}` : ""}${event.reason ? `: ${cut(event.reason)}` : ""}`;
    case "entry":
      return `${stateText(event.state)}: ${cut(event.key)}${event.entry.externalId ? ` is ${cut(event.entry.externalId)}` : ""}`;
    case "log":
      return `${event.dropped ? `(${event.dropped} lines left out) ` : ""}${event.level === "INFO" ? "" : `${event.level.toLowerCase()}: `}${cut(event.text)}`;
    case "failure":
      return `failed: ${cut(event.failure.message)} [${visible(event.failure.reason)}]`;
    default:
      return "something that this page is too old to know";
  }
}
