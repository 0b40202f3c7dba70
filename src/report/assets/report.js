"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const element = (name, attributes = {}, ...children) => {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };
  const byId = (id) => document.getElementById(id);

  // Dark, light, or what the system says.
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  const compare = (a, b) => (typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true }));
  const nextSort = (header) => (header.getAttribute("aria-sort") === "ascending" ? "descending" : "ascending");
  const markSort = (header, sort) => {
    for (const other of header.parentElement.children) other.removeAttribute("aria-sort");
    header.setAttribute("aria-sort", sort);
  };

  for (const table of document.querySelectorAll("table.sortable")) {
    table.tHead.addEventListener("click", (event) => {
      const header = event.target.closest("th");
      if (!header || !event.target.closest("button")) return;
      const sort = nextSort(header);
      markSort(header, sort);
      const value = (row) => {
        const text = row.cells[header.cellIndex].textContent;
        return text !== "" && !Number.isNaN(Number(text)) ? Number(text) : text;
      };
      const rows = [...table.tBodies[0].rows].map((row) => [value(row), row]);
      rows.sort((a, b) => (sort === "ascending" ? 1 : -1) * compare(a[0], b[0]));
      table.tBodies[0].append(...rows.map((row) => row[1]));
    });
  }

  // Episodes: filtered and sorted in memory, shown a page at a time.
  const columns = [
    ["data set", (e) => data.experiments[e[0]].name],
    ["motif", (e) => data.motifs[e[1]]],
    ["channel", (e) => data.channels[e[2]]],
    ["start", (e) => e[3]],
    ["end", (e) => e[4]],
    ["length", (e) => Math.round((e[4] - e[3]) * 1000) / 1000],
    ["peak", (e) => e[5]],
  ];
  const pageLength = 50;
  const table = byId("episode-table");
  let shown = data.episodes.map((_, index) => index);
  let page = 0;
  let order = null;

  const seriesOf = new Map(data.series.map(([experiment, motif, channel, points]) => [`${experiment} ${motif} ${channel}`, points]));
  const headerRow = table.tHead.rows[0];
  columns.forEach(([name], index) => {
    const header = element("th", { scope: "col" }, element("button", { type: "button" }, name));
    header.addEventListener("click", () => {
      const sort = nextSort(header);
      markSort(header, sort);
      order = [columns[index][1], sort === "ascending" ? 1 : -1];
      filter();
    });
    headerRow.append(header);
  });

  const render = () => {
    const pages = Math.max(1, Math.ceil(shown.length / pageLength));
    page = Math.min(Math.max(page, 0), pages - 1);
    const rows = shown.slice(page * pageLength, (page + 1) * pageLength).map((index) => {
      const episode = data.episodes[index];
      const row = element("tr", { "data-episode": index });
      columns.forEach(([, value], column) => {
        const cell = element("td", typeof value(episode) === "number" ? { class: "number" } : {});
        if (column === 0) cell.append(element("button", { type: "button" }, value(episode)));
        else cell.append(String(value(episode)));
        row.append(cell);
      });
      return row;
    });
    table.tBodies[0].replaceChildren(...rows);
    const omitted = data.omitted ? `; ${data.omitted} shorter ones are in the tables of episodes only` : "";
    byId("count").textContent = `${shown.length} of ${data.episodes.length} episodes${omitted}`;
    byId("page").textContent = `page ${page + 1} of ${pages}`;
    byId("previous").disabled = page === 0;
    byId("next").disabled = page === pages - 1;
  };

  const filter = () => {
    const experiment = byId("filter-experiment").value;
    const motif = byId("filter-motif").value;
    const channel = byId("filter-channel").value.toLowerCase();
    const matching = new Set();
    data.channels.forEach((name, index) => name.toLowerCase().includes(channel) && matching.add(index));
    shown = [];
    data.episodes.forEach((episode, index) => {
      if ((experiment === "" || episode[0] === Number(experiment)) && (motif === "" || episode[1] === Number(motif)) && matching.has(episode[2])) shown.push(index);
    });
    if (order) {
      const [value, sign] = order;
      shown.sort((a, b) => sign * compare(value(data.episodes[a]), value(data.episodes[b])) || a - b);
    }
    page = 0;
    render();
  };

  const used = new Set(data.episodes.map((episode) => episode[0]));
  data.experiments.forEach((experiment, index) => used.has(index) && byId("filter-experiment").append(element("option", { value: index }, experiment.name)));
  data.motifs.forEach((name, index) => byId("filter-motif").append(element("option", { value: index }, name)));
  byId("filters").addEventListener("input", filter);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("previous").addEventListener("click", () => { page -= 1; render(); });
  byId("next").addEventListener("click", () => { page += 1; render(); });
  table.tBodies[0].addEventListener("click", (event) => {
    const row = event.target.closest("tr");
    if (row) show(Number(row.dataset.episode), row);
  });

  // The residuals of an episode's channel, with its span and the thresholds.
  const svg = (name, attributes, ...children) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  };

  const chart = (episode, points, [drift, slew]) => {
    const [width, height, left, bottom, top] = [800, 300, 60, 40, 10];
    const times = points.filter((_, index) => index % 2 === 0);
    const values = points.filter((_, index) => index % 2 === 1);
    const low = Math.min(...values, 0, -slew);
    const high = Math.max(...values, slew);
    const [first, last] = [Math.min(...times), Math.max(...times)];
    const x = (t) => left + ((Math.min(Math.max(t, first), last) - first) / (last - first || 1)) * (width - left - 10);
    const y = (value) => top + ((high - value) / (high - low || 1)) * (height - bottom - top);
    const label = (x, y, text, anchor) => svg("text", { x, y, "text-anchor": anchor, fill: "var(--ink)", "font-size": 13 }, text);
    const short = (number) => String(Number(number.toPrecision(4)));
    const level = (value, color) => svg("line", { x1: left, x2: width - 10, y1: y(value), y2: y(value), stroke: color, "stroke-dasharray": "6 4" });
    return svg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": "Residuals of the channel, with the episode shaded" },
      svg("rect", { x: x(episode[3]), y: top, width: Math.max(2, x(episode[4]) - x(episode[3])), height: height - bottom - top, fill: "var(--wash)" }),
      ...[drift, -drift].map((value) => level(value, "var(--c5)")),
      ...[slew, -slew].map((value) => level(value, "var(--c4)")),
      svg("polyline", { points: times.map((t, index) => `${x(t).toFixed(1)},${y(values[index]).toFixed(1)}`).join(" "), fill: "none", stroke: "var(--c0)", "stroke-width": 2 }),
      label(left - 6, y(high) + 12, short(high), "end"), label(left - 6, y(low), short(low), "end"), label(left - 6, y(0) + 4, "0", "end"),
      label(left, height - 20, short(first), "start"), label(width - 10, height - 20, short(last), "end"),
      label((left + width) / 2, height - 4, "seconds; drift threshold orange, slew threshold light blue", "middle"));
  };

  const show = (index, row) => {
    const episode = data.episodes[index];
    const experiment = data.experiments[episode[0]];
    for (const other of table.tBodies[0].rows) other.removeAttribute("aria-selected");
    row.setAttribute("aria-selected", "true");
    const points = seriesOf.get(`${episode[0]} ${episode[1]} ${episode[2]}`);
    const detail = byId("detail");
    detail.replaceChildren(
      element("h3", {}, `${data.motifs[episode[1]]} on ${data.channels[episode[2]]}`),
      element("p", {}, `${experiment.name}: from ${episode[3]} to ${episode[4]} seconds, peak ${episode[5]}.`),
      points ? chart(episode, points, experiment.parameters[episode[1]]) : element("p", {}, "The residuals of this channel are not in the report, to keep it small; they are on the tape."),
      element("p", { class: "digests" }, "tape ", element("code", {}, experiment.tape), element("br"), "episodes ", element("code", {}, experiment.digest)));
    detail.hidden = false;
    detail.focus();
    detail.scrollIntoView({ block: "nearest" });
  };

  filter();
})();
