/** What half-done tasks of all projects left behind, and what it costs for as long as it lives. */
import { taskState, type Task } from "@wharfinger/client/web";
import { date } from "../dates.js";
import { useState } from "preact/hooks";
import { costText, moneyText, monthly, together } from "../money.js";
import { State, Title, Trouble, When } from "../parts.js";
import { link } from "../route.js";
import { useAnswer, useSession } from "../session.js";
import { lastPart, projectOf, visible } from "../text.js";

const STATES = ["PARTIALLY_FAILED", "ROLLBACK_FAILED"];
const DAY_MS = 86_400_000;

const BY: Record<string, (task: Task) => string> = {
  project: (task) => projectOf(task.name),
  script: (task) => task.script,
  age: (task) => ageText(task),
};

function ageText(task: Task): string {
  const days = Math.floor((Date.now() - (date(task.createTime)?.getTime() ?? Date.now())) / DAY_MS);
  return days < 1 ? "less than a day" : days < 7 ? "a day to a week" : "more than a week";
}

export function Leftovers() {
  const session = useSession();
  const [by, group] = useState("project");
  const [asked, again] = useAnswer(async (signal) => {
    const tasks: Task[] = [];
    for (const state of STATES) for await (const task of session.client("-").list({ filter: `state = ${state}`, signal })) tasks.push(task);
    return tasks;
  }, []);
  const tasks = asked.state === "told" ? asked.value : [];
  const groups = new Map<string, Task[]>();
  for (const task of tasks) {
    const key = BY[by]!(task);
    groups.set(key, [...(groups.get(key) ?? []), task]);
  }
  const all = together(tasks.map((task) => task.ledger?.leftover));
  return (
    <>
      <Title document="Left over">Left over</Title>
      {asked.state === "failed" && <Trouble why={asked.why} onAgain={again} />}
      {asked.state === "asked" && <p role="status">asking …</p>}
      {asked.state === "told" && tasks.length === 0 && <p class="empty">Nothing is left over in any project that you may see.</p>}
      {tasks.length > 0 && (
        <>
          <p class="total">
            In all: <strong>{costText(all as never)}</strong>
            {all.knownHourly.length > 0 && <>, {moneyText(monthly(all.knownHourly))} a month</>}.
          </p>
          <label>
            By{" "}
            <select value={by} onChange={(event) => group(event.currentTarget.value)}>
              {Object.keys(BY).map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          {[...groups].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, some]) => (
            <section key={name} aria-label={name}>
              <h2>
                {visible(name)}: {costText(together(some.map((task) => task.ledger?.leftover)) as never)}
              </h2>
              <div class="wide" tabIndex={0} role="region" aria-label={`Tasks of ${name}`}>
                <table>
                  <thead>
                    <tr>
                      {["Task", "Script", "State", "Alive", "Uncertain", "An hour", "Created"].map((title) => (
                        <th key={title} scope="col">
                          {title}
                        </th>
                      ))}
                    </tr>
                  </thead>
                  <tbody>
                    {some.map((task) => (
                      <tr key={task.name}>
                        <td>
                          <a href={link([projectOf(task.name), "tasks", lastPart(task.name)])}>{visible(lastPart(task.name))}</a>
                        </td>
                        <td>{visible(task.script)}</td>
                        <td>
                          <State word={taskState(task.state)} />
                        </td>
                        <td class="number">{task.ledger?.created ?? 0}</td>
                        <td class="number">{task.ledger?.uncertain ?? 0}</td>
                        <td class="number">{costText(task.ledger?.leftover)}</td>
                        <td>
                          <When at={date(task.createTime)} />
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            </section>
          ))}
        </>
      )}
    </>
  );
}
