"use strict";
// Draws the charts from the embedded data. Colours are named in the data (@ink) and taken from the page's style, so they follow light, dark and print.
(function () {
  const specs = JSON.parse(document.getElementById("chart-data").textContent);
  const root = document.documentElement;

  function coloured(value, style) {
    if (typeof value === "string") return /^@[a-z0-9]+$/.test(value) ? style.getPropertyValue("--" + value.slice(1)).trim() : value;
    if (Array.isArray(value)) return value.map((item) => coloured(item, style));
    if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, coloured(item, style)]));
    return value;
  }

  function draw(width) {
    const style = getComputedStyle(root);
    const frame = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", margin: { l: 10, r: 12, t: 12, b: 10 }, bargap: 0.3, separators: ".,",
      font: { family: style.fontFamily, size: width ? 10 : 12, color: style.getPropertyValue("--ink").trim() },
      hoverlabel: { bgcolor: style.getPropertyValue("--paper").trim(), font: { color: style.getPropertyValue("--ink").trim() } },
      legend: { orientation: "h", x: 0, xanchor: "left", y: 1.04, yanchor: "bottom", traceorder: "normal", itemclick: false, itemdoubleclick: false },
    };
    for (const place of document.querySelectorAll("[data-chart]")) {
      const spec = coloured(specs[place.dataset.chart], style);
      const layout = Object.assign({}, frame, { height: width ? 0.72 * spec.height : spec.height, autosize: !width }, spec.layout);
      layout.legend = Object.assign({}, frame.legend, spec.layout.legend);
      if (width) layout.width = width;
      place.style.setProperty("--height", `${layout.height}px`);
      Plotly.react(place, spec.data, layout, { responsive: !width, displayModeBar: false, displaylogo: false, scrollZoom: false, doubleClick: false });
    }
  }

  draw();
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => draw());
  addEventListener("beforeprint", () => { root.classList.add("printing"); draw(640); });
  addEventListener("afterprint", () => { root.classList.remove("printing"); draw(); });
})();
