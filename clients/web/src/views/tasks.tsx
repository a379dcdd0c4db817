/** The tasks of a project, as they are now. */
import { taskState, type Task } from "@wharfinger/client/web";
import { date } from "../dates.js";
import { useEffect, useState } from "preact/hooks";
import { costText } from "../money.js";
import { Bar, State, Title, Trouble, When } from "../parts.js";
import { useTasks, type Live } from "../project.js";
import { go, link } from "../route.js";
import { Rows } from "../rows.js";
import { count, lastPart, visible } from "../text.js";

const ROW = 44;
const OFTEN: readonly (readonly [string, string])[] = [
  ["all", ""],
  ["at work", "state = RUNNING"],
  ["waiting", "state = QUEUED"],
  ["half done", "state = PARTIALLY_FAILED"],
  ["rollback failed", "state = ROLLBACK_FAILED"],
  ["failed", "state = FAILED"],
  ["succeeded", "state = SUCCEEDED"],
];

export function Tasks({ project, query }: { project: string; query: URLSearchParams }) {
  const filter = query.get("filter") ?? "";
  const live = useTasks(project, filter);
  const choose = (chosen: string) => go(link([project, "tasks"], { filter: chosen }));
  return (
    <>
      <Title document={`Tasks of ${project}`}>Tasks</Title>
      <Filter key={filter} filter={filter} onChoose={choose} project={project} />
      <p class="counts" role="status">
        {live.asked ? "asking …" : counts(live)}
      </p>
      {live.why && <Trouble why={live.why} onAgain={live.again} />}
      {!live.asked && !live.why && live.tasks.length === 0 && (
        <div class="empty">
          <p>{filter ? "No task fits this filter." : "There is no task in this project yet."}</p>
          <p>
            <a href={link([project, "submit"])}>Submit one</a>, or by the command line: <code>wharfinger submit SCRIPT key=value</code>
          </p>
        </div>
      )}
      {live.tasks.length > 0 && (
        <Rows
          rows={live.tasks}
          height={ROW}
          columns={["Task", "Script", "State", "Left over", "Created"]}
          label="Tasks"
          onEnd={live.more}
          row={(task, index) => <Row key={task.name} task={task} index={index} live={live} />}
        />
      )}
    </>
  );
}

function counts(live: Live): string {
  const states = new Map<string, number>();
  for (const task of live.tasks) states.set(live.state(task), (states.get(live.state(task)) ?? 0) + 1);
  const each = [...states].sort().map(([word, number]) => `${number} ${word.toLowerCase().replaceAll("_", " ")}`);
  return [`${count(live.tasks.length, "task")}${live.whole ? "" : " and more"}`, ...each].join(" · ");
}

function Filter({ filter, onChoose, project }: { filter: string; onChoose: (filter: string) => void; project: string }) {
  const [text, set] = useState(filter);
  const [search, find] = useState("");
  useEffect(() => {
    const slash = (event: KeyboardEvent) => {
      if (event.key !== "/" || event.target instanceof HTMLInputElement) return;
      event.preventDefault();
      document.getElementById("filter")?.focus();
    };
    addEventListener("keydown", slash);
    return () => removeEventListener("keydown", slash);
  }, []);
  return (
    <div class="filters">
      <nav aria-label="Often asked for">
        {OFTEN.map(([name, wanted]) => (
          <a key={name} href={link([project, "tasks"], { filter: wanted })} aria-current={wanted === filter ? "true" : undefined}>
            {name}
          </a>
        ))}
      </nav>
      <form
        role="search"
        onSubmit={(event) => {
          event.preventDefault();
          onChoose(text.trim());
        }}
      >
        <label for="filter">Filter</label>
        <input id="filter" value={text} spellcheck={false} aria-describedby="filter-help" onInput={(event) => set(event.currentTarget.value)} />
        <button type="submit">Show</button>
      </form>
      <details id="filter-help">
        <summary>How to filter</summary>
        <p>
          The API's own language: <code>state = FAILED AND script = "compute.deploy"</code>, <code>labels.team = "web"</code>,{" "}
          <code>create_time &gt; "2026-01-31T00:00:00Z"</code>. Press <kbd>/</kbd> to come here.
        </p>
      </details>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (search.trim()) go(link([project, "tasks", lastPart(search.trim())]));
        }}
      >
        <label for="by-id">Task</label>
        <input id="by-id" value={search} spellcheck={false} onInput={(event) => find(event.currentTarget.value)} />
        <button type="submit">Go there</button>
      </form>
    </div>
  );
}

function Row({ task, index, live }: { task: Task; index: number; live: Live }) {
  const word = live.state(task);
  const progress = live.progress.get(task.name) ?? task.progress;
  const [, project = "", , id = ""] = task.name.split("/");
  const left = task.ledger?.leftover;
  return (
    <tr aria-rowindex={index + 2} class={task.state !== 0 && taskState(task.state) === word ? "" : "fresh"}>
      <td>
        <a href={link([project, "tasks", id])}>{visible(id)}</a>
      </td>
      <td>{visible(task.script)}</td>
      <td>
        <State word={word} />
        {word === "RUNNING" && progress && (
          <Bar
            share={progress.total ? Number(progress.done) / Number(progress.total) : undefined}
            text={[progress.step, progress.total ? `${progress.done} of ${progress.total}` : "", progress.unit].filter(Boolean).join(" ")}
          />
        )}
      </td>
      <td class="number">{left ? visible(costText(left)) : <span class="none">–</span>}</td>
      <td>
        <When at={date(task.createTime)} />
      </td>
    </tr>
  );
}
