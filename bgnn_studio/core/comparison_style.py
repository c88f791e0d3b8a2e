"""The style sheet of the HTML report; the colours of edges are those of `scene.theme`."""

STYLE = """:root {
  --ground: #f4f6f9; --panel: #ffffff; --line: #d9e0e8; --text: #1b232c; --muted: #566372; --accent: #1769d8;
  --kept: #6b7887; --new: #0a6fd6; --lost: #c65400;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0f1216; --panel: #171b21; --line: #2b333d; --text: #e3e8ee; --muted: #95a1b0; --accent: #4ea1ff;
    --kept: #8c99a8; --new: #4db4ff; --lost: #ff8a3c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--ground); color: var(--text);
  font: 15px/1.5 Inter, "Segoe UI", "SF Pro Text", "Noto Sans", "DejaVu Sans", sans-serif;
}
main { max-width: 1280px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; }
h2 { font-size: 16px; margin: 0 0 10px; }
p { margin: 0 0 12px; color: var(--muted); }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; margin: 16px 0; }
.graphs input { position: absolute; opacity: 0; }
.graphs label { display: inline-block; padding: 4px 12px; border-radius: 6px; color: var(--muted); cursor: pointer; }
.graphs input:checked + label { background: var(--line); color: var(--text); }
.graphs input:focus-visible + label { outline: 2px solid var(--accent); }
.graphs picture { display: none; margin-top: 10px; }
.graphs img { width: 100%; border-radius: 8px; display: block; }
.kept { color: var(--kept); } .new { color: var(--new); } .lost { color: var(--lost); }
.kept, .new, .lost { font-weight: 600; margin: 0 4px; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 18px; }
figure { margin: 0; }
svg { width: 100%; height: auto; display: block; }
svg text { font-size: 12px; fill: var(--muted); }
svg .label { fill: var(--text); }
svg .grid { stroke: var(--line); }
svg .dot { fill: var(--panel); stroke: var(--accent); stroke-width: 2.5; }
svg .marked { fill: var(--accent); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; min-width: 720px; }
th:first-child { width: 30%; }
th:last-child { width: 92px; }
th, td { padding: 5px 10px; text-align: right; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; }
th:first-child { text-align: left; font-weight: 400; white-space: nowrap; }
thead th { color: var(--muted); font-weight: 600; }
thead th:first-child { font-weight: 600; }
.better, .kind { color: var(--muted); font-size: 12px; }
.better { margin-left: 8px; }
.best { font-weight: 700; color: var(--accent); }
.mark { display: inline-block; width: 7px; height: 7px; border-radius: 50%; background: var(--accent); margin-right: 7px; }
details { margin-top: 10px; color: var(--muted); font-size: 13px; }
summary { cursor: pointer; }
ul { margin: 6px 0 0; padding-left: 18px; }
footer { color: var(--muted); font-size: 13px; }
@media print { details > ul { display: block; } }
"""
