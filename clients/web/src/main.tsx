/** The page: what stands around every view, and which view it is. */
import { render } from "preact";
import { useState } from "preact/hooks";
import { go, link, usePlace } from "./route.js";
import { WithSession, useSession } from "./session.js";
import { visible } from "./text.js";
import { Executors, Scripts } from "./views/house.js";
import { Leftovers } from "./views/leftovers.js";
import { Me } from "./views/me.js";
import { Prices } from "./views/prices.js";
import { Schedules } from "./views/schedules.js";
import { Submit } from "./views/submit.js";
import { TaskView } from "./views/task.js";
import { Tasks } from "./views/tasks.js";

const THEMES = ["as the system", "light", "dark"] as const;

function Page() {
  const session = useSession();
  const { path, query } = usePlace();
  const [project = "default", view = "tasks", what = ""] = path;
  return (
    <>
      <a class="skip" href="#main" onClick={(event) => (event.preventDefault(), document.getElementById("main")?.focus())}>
        To the content
      </a>
      <header>
        <strong>Wharfinger</strong>
        <Project project={project} view={view} />
        <nav aria-label="Views">
          {(["tasks", "submit", "schedules", "leftovers", "prices", "scripts", "executors"] as const).map((name) => (
            <a key={name} href={link([project, name])} aria-current={view === name ? "page" : undefined}>
              {name === "leftovers" ? "left over" : name}
            </a>
          ))}
        </nav>
        <Theme />
        {session.caller && (
          <a class="me" href={link([project, "me"])} aria-current={view === "me" ? "page" : undefined}>
            {visible(session.caller.creator)}
          </a>
        )}
        {session.signedIn && (
          <button type="button" class="small" onClick={() => session.signOut()}>
            Sign out
          </button>
        )}
      </header>
      {session.trouble && (
        <p class="lost" role="alert">
          The connection is lost ({visible(session.trouble)}); it is tried again, and nothing is missed.
        </p>
      )}
      <main id="main" tabIndex={-1} key={location.hash.split("?")[0]}>
        <View project={project} view={view} what={what} query={query} />
      </main>
    </>
  );
}

function View({ project, view, what, query }: { project: string; view: string; what: string; query: URLSearchParams }) {
  switch (view) {
    case "tasks":
      return what ? <TaskView key={`${project}/${what}`} project={project} id={what} /> : <Tasks project={project} query={query} />;
    case "submit":
      return <Submit project={project} script={what} />;
    case "leftovers":
      return <Leftovers project={project} query={query} />;
    case "schedules":
      return <Schedules key={project} project={project} />;
    case "me":
      return <Me />;
    case "prices":
      return <Prices project={project} what={what} query={query} />;
    case "scripts":
      return <Scripts project={project} />;
    case "executors":
      return <Executors />;
    default:
      return (
        <>
          <h1>Nothing is here</h1>
          <p>
            This page has no view of that name. <a href={link([project, "tasks"])}>To the tasks</a>
          </p>
        </>
      );
  }
}

function Project({ project, view }: { project: string; view: string }) {
  const [name, set] = useState(project);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim()) go(link([name.trim(), view]));
      }}
    >
      <label>
        Project <input value={name} spellcheck={false} size={12} onInput={(event) => set(event.currentTarget.value)} />
      </label>
    </form>
  );
}

function Theme() {
  const [theme, set] = useState<(typeof THEMES)[number]>("as the system");
  return (
    <label class="theme">
      Theme{" "}
      <select
        value={theme}
        onChange={(event) => {
          const chosen = event.currentTarget.value as (typeof THEMES)[number];
          set(chosen);
          document.documentElement.style.colorScheme = chosen === "as the system" ? "" : chosen;
        }}
      >
        {THEMES.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </select>
    </label>
  );
}

const place = document.getElementById("page");
if (!place) throw new Error("the page has no place for its views");
render(
  <WithSession>
    <Page />
  </WithSession>,
  place,
);
