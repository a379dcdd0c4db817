/** Prices: the catalogues that they come from, what changed between two, and what a thing cost since when. */
import type { Price, PriceChange } from "@wharfinger/client/web";
import { date } from "../dates.js";
import { PriceChart, type Step } from "../chart.js";
import { State, Table, Title, Trouble, When } from "../parts.js";
import { go, link } from "../route.js";
import { useAnswer, useSession } from "../session.js";
import { count, lastPart, visible } from "../text.js";

const SHORT = 12;
const MOST = 500;
const STATES = ["UNKNOWN", "IMPORTED", "ACTIVE", "QUARANTINED"];

export function Prices({ project, what, query }: { project: string; what: string; query: URLSearchParams }) {
  return (
    <>
      <Title document="Prices">Prices</Title>
      {what ? <Changes project={project} name={what} before={query.get("before") ?? ""} /> : <Look project={project} query={query} />}
      {!what && <Catalogues project={project} />}
    </>
  );
}

function Look({ project, query }: { project: string; query: URLSearchParams }) {
  const of = (name: string) => query.get(name) ?? "";
  const fields = ["provider", "sku", "region"] as const;
  return (
    <section aria-label="A price">
      <h2>What does a thing cost?</h2>
      <form
        class="row"
        key={fields.map(of).join(" ")}
        onSubmit={(event) => {
          event.preventDefault();
          const told = new FormData(event.currentTarget);
          go(link([project, "prices"], Object.fromEntries(fields.map((name) => [name, String(told.get(name) ?? "").trim()]))));
        }}
      >
        {fields.map((name) => (
          <label key={name}>
            {name} <input name={name} defaultValue={of(name)} required={name !== "region"} spellcheck={false} />
          </label>
        ))}
        <button type="submit">Show</button>
      </form>
      {of("provider") && of("sku") && <History project={project} provider={of("provider")} sku={of("sku")} region={of("region")} />}
    </section>
  );
}

function History({ project, provider, sku, region }: { project: string; provider: string; sku: string; region: string }) {
  const session = useSession();
  const [asked, again] = useAnswer(
    (signal) => session.client(project).priceHistory(provider, sku, { region, signal }),
    [project, provider, sku, region],
  );
  if (asked.state === "failed") return <Trouble why={asked.why} onAgain={again} />;
  if (asked.state === "asked") return <p role="status">asking …</p>;
  const last = asked.value.at(-1)?.price;
  const steps: Step[] = asked.value.map((point) => ({ at: date(point.startTime) ?? new Date(0), amount: point.price?.amount?.amount }));
  return (
    <>
      <p>
        {visible(sku)} at {visible(provider)}
        {last?.region && <> in {visible(last.region)}</>}: <strong>{priceText(last)}</strong>
        {last && <span class="none"> from {visible([last.layer, last.source].filter(Boolean).join(", "))}</span>}
      </p>
      <PriceChart steps={steps} label={`What ${sku} cost since when`} />
      <Table label="Its history" titles={["Since", "Price"]} numbers={["Price"]}>
            {asked.value.toReversed().map((point) => (
              <tr key={String(point.startTime?.seconds)}>
                <td>
                  <When at={date(point.startTime)} />
                </td>
                <td class="number">{priceText(point.price)}</td>
              </tr>
            ))}
          </Table>
    </>
  );
}

function Catalogues({ project }: { project: string }) {
  const session = useSession();
  const [asked, again] = useAnswer(
    async (signal) => (await session.client(project).raw.prices.listCatalogs({ pageSize: 100 }, { signal })).catalogs,
    [],
  );
  return (
    <section aria-label="Catalogues">
      <h2>Where prices come from</h2>
      {asked.state === "failed" && <Trouble why={asked.why} onAgain={again} />}
      {asked.state === "told" && asked.value.length === 0 && (
        <p class="empty">
          No catalogue was imported: prices are those that came with the server. <code>wharfinger prices update</code> fetches newer ones.
        </p>
      )}
      {asked.state === "told" && asked.value.length > 0 && (
        <Table label="The catalogues" titles={["Source", "State", "Prices", "Made", "Imported", "Changes"]} numbers={["Prices"]}>
              {asked.value.map((one) => (
                <tr key={one.name}>
                  <td>
                    {visible(one.source)} <span class="none">{lastPart(one.name).slice(0, SHORT)}</span>
                  </td>
                  <td>
                    <State word={STATES[one.state] ?? "UNKNOWN"} />
                    {one.stale && <> – old</>}
                    {one.quarantineReason && <div class="none">{visible(one.quarantineReason)}</div>}
                  </td>
                  <td class="number">{Number(one.priceCount).toLocaleString("en")}</td>
                  <td>
                    <When at={date(one.dataTime)} />
                  </td>
                  <td>
                    <When at={date(one.importTime)} />
                  </td>
                  <td>{one.diff ? <a href={link([project, "prices", lastPart(one.name)])}>what changed</a> : <span class="none">the first</span>}</td>
                </tr>
              ))}
            </Table>
      )}
    </section>
  );
}

function Changes({ project, name, before }: { project: string; name: string; before: string }) {
  const session = useSession();
  const [asked, again] = useAnswer(
    async (signal) => {
      const found: PriceChange[] = [];
      const earlier = before && `catalogs/${before}`;
      for await (const change of session.client(project).priceChanges(`catalogs/${name}`, { before: earlier, signal }))
        if (found.push(change) > MOST) break;
      return found;
    },
    [name, before],
  );
  if (asked.state === "failed") return <Trouble why={asked.why} onAgain={again} />;
  if (asked.state === "asked") return <p role="status">comparing …</p>;
  const changes = asked.value.slice(0, MOST);
  return (
    <section aria-label="What changed">
      <h2>
        What changed {before ? `from ${before.slice(0, SHORT)} to` : "with"} {name.slice(0, SHORT)}
      </h2>
      <p>
        <a href={link([project, "prices"])}>All catalogues</a>. {asked.value.length > MOST ? `The first ${MOST} of more:` : `${count(changes.length, "price")}.`}
      </p>
      {changes.length > 0 && (
        <Table label="The changes" titles={["Provider", "Region", "What", "Before", "After"]} numbers={["Before", "After"]}>
              {changes.map(({ before: old, after }) => {
                const one = after ?? old;
                return (
                  <tr key={one?.id}>
                    <td>{visible(one?.provider ?? "")}</td>
                    <td>{visible(one?.region ?? "")}</td>
                    <td>
                      <a href={link([project, "prices"], { provider: one?.provider ?? "", sku: one?.sku ?? "", region: one?.region ?? "" })}>
                        {visible([one?.sku, one?.category === "on-demand" ? "" : one?.category, one?.term].filter(Boolean).join(" "))}
                      </a>
                    </td>
                    <td class="number">{old ? priceText(old) : <span class="none">not there</span>}</td>
                    <td class="number">{after ? priceText(after) : <span class="none">gone</span>}</td>
                  </tr>
                );
              })}
            </Table>
      )}
    </section>
  );
}

function priceText(price: Price | undefined): string {
  if (!price?.amount) return price?.free ? "free" : "unknown";
  return visible(`${price.amount.amount} ${price.amount.currencyCode} per ${price.unit}`);
}
