/** What half-done tasks of all projects left behind, what it costs for as long as it lives, and what projects may spend. */
import { taskState, type Task } from "@wharfinger/client/web";
import { useState } from "preact/hooks";
import { date } from "../dates.js";
import { costText, difference, moneyText, monthly } from "../money.js";
import { Bar, State, Table, Title, Trouble, When } from "../parts.js";
import { go, link } from "../route.js";
import { useAnswer, useSession } from "../session.js";
import { count, lastPart, projectOf, visible } from "../text.js";

const STATES = ["PARTIALLY_FAILED", "ROLLBACK_FAILED"];
const MOST = 500;
const BY = ["project", "script", "provider", "age"] as const;

export function Leftovers({ project, query }: { project: string; query: URLSearchParams }) {
  const session = useSession();
  const by = BY.find((one) => one === query.get("by")) ?? "project";
  const [sums, again] = useAnswer((signal) => session.client("-").leftovers(by, { signal }), [by]);
  const total = sums.state === "told" ? sums.value.total : undefined;
  return (
    <>
      <Title document="Left over">Left over</Title>
      {sums.state === "failed" && <Trouble why={sums.why} onAgain={again} />}
      {sums.state === "asked" && <p role="status">asking …</p>}
      {total && Number(total.taskCount) === 0 && <p class="empty">Nothing is left over in any project that you may see.</p>}
      {total && Number(total.taskCount) > 0 && (
        <>
          <p class="total">
            In all: <strong>{costText(total.cost)}</strong>
            {total.cost && total.cost.knownHourly.length > 0 && <>, {moneyText(monthly(total.cost.knownHourly))} a month</>}.
          </p>
          <label>
            By{" "}
            <select value={by} onChange={(event) => go(link([project, "leftovers"], { by: event.currentTarget.value }))}>
              {BY.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <Table label={`Sums by ${by}`} titles={[by, "Tasks", "Alive", "An hour", "A month"]} numbers={["Tasks", "Alive", "An hour", "A month"]}>
            {sums.state === "told" &&
              sums.value.groups.map(({ key, taskCount, aliveCount, cost }) => (
                <tr key={key}>
                  <th scope="row">{key ? visible(key) : <span class="none">nobody knows</span>}</th>
                  <td class="number">{Number(taskCount)}</td>
                  <td class="number">{Number(aliveCount)}</td>
                  <td class="number">{costText(cost)}</td>
                  <td class="number">{moneyText(monthly(cost?.knownHourly ?? [])) || "–"}</td>
                </tr>
              ))}
          </Table>
          <HalfDone />
        </>
      )}
      <Budgets />
    </>
  );
}

function HalfDone() {
  const session = useSession();
  const [whole, setWhole] = useState(true);
  const [asked, again] = useAnswer(async (signal) => {
    const tasks: Task[] = [];
    for (const state of STATES)
      for await (const task of session.client("-").list({ filter: `state = ${state}`, signal })) {
        if (tasks.length === MOST) {
          setWhole(false);
          return tasks;
        }
        tasks.push(task);
      }
    return tasks;
  }, []);
  return (
    <section aria-label="Half-done tasks">
      <h2>Half-done tasks</h2>
      {asked.state === "failed" && <Trouble why={asked.why} onAgain={again} />}
      {!whole && <p>The newest {count(MOST, "task")} of more; the sums above are of all.</p>}
      {asked.state === "told" && (
        <Table
          label="The tasks"
          titles={["Task", "Project", "Script", "State", "Alive", "Uncertain", "An hour", "Created"]}
          numbers={["Alive", "Uncertain", "An hour"]}
        >
          {asked.value.map((task) => (
            <tr key={task.name}>
              <td>
                <a href={link([projectOf(task.name), "tasks", lastPart(task.name)])}>{visible(lastPart(task.name))}</a>
              </td>
              <td>{visible(projectOf(task.name))}</td>
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
        </Table>
      )}
    </section>
  );
}

function Budgets() {
  const session = useSession();
  const [asked, again] = useAnswer((signal) => session.client("-").budgets({ signal }), []);
  if (asked.state === "failed") return <Trouble why={asked.why} onAgain={again} />;
  if (asked.state === "asked" || asked.value.length === 0) return null;
  return (
    <section aria-label="Budgets">
      <h2>Budgets</h2>
      <Table label="The budgets" titles={["Project", "Used an hour", "Of", "Left"]} numbers={["Of", "Left"]}>
        {asked.value.flatMap(({ project, hourlyLimit, hourlyUse }) =>
          hourlyLimit.map((limit) => {
            const used = hourlyUse.find(({ currencyCode }) => currencyCode === limit.currencyCode) ?? { currencyCode: limit.currencyCode, amount: "0" };
            const share = Math.min(1, Number(used.amount) / Number(limit.amount) || 0);
            return (
              <tr key={project + limit.currencyCode}>
                <th scope="row">{visible(lastPart(project))}</th>
                <td>
                  <Bar share={share} text={moneyText([used])} />
                </td>
                <td class="number">{moneyText([limit])}</td>
                <td class="number">{moneyText([difference(limit, used)])}</td>
              </tr>
            );
          }),
        )}
      </Table>
    </section>
  );
}
