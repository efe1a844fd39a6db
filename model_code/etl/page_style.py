"""The looks of the data report: for screens, dark ones too, and for paper."""

STYLE = """
:root { --ink: #1b2733; --soft: #5c6b79; --line: #dde3e9; --back: #f6f8fa; --card: #ffffff; --bar: #2f6f9f;
  --good: #2f7d4f; --fair: #b07a1e; --bad: #b3392f; color-scheme: light dark; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4eaf0; --soft: #9fb0c0; --line: #33414e; --back: #12181f;
  --card: #1b242d; --bar: #6aa9d6; --good: #6cc08f; --fair: #e0b25c; --bad: #ea8279; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, "Liberation Sans", sans-serif; }
main { max-width: 980px; margin: 0 auto; padding: 24px 16px 48px; }
h1 { font-size: 26px; margin: 0 0 12px; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 0 0 10px; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 16px 18px;
  margin: 16px 0; }
p { margin: 8px 0 0; color: var(--soft); }
.verdict { margin: 0 0 16px; padding: 12px 16px; border-radius: 8px; border: 1px solid var(--line);
  border-left: 6px solid; background: var(--card); color: var(--ink); overflow-wrap: anywhere; }
.verdict.good { border-left-color: var(--good); } .verdict.fair { border-left-color: var(--fair); }
.verdict.bad { border-left-color: var(--bad); }
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(140px, 1fr)); gap: 10px; margin: 0; }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.tiles dt { color: var(--soft); font-size: 13px; } .tiles dd { margin: 2px 0 0; font-size: 18px; font-weight: 600; }
.tiles dd { font-variant-numeric: tabular-nums; white-space: nowrap; font-size: 17px; }
.warnings { list-style: none; margin: 0; padding: 0; }
.warnings li { border-left: 4px solid var(--fair); padding: 2px 0 2px 12px; margin: 10px 0; overflow-wrap: anywhere; }
.warnings li.bad { border-left-color: var(--bad); }
.mark { margin-left: 8px; font-size: 12px; color: var(--soft); border: 1px solid var(--line); border-radius: 10px;
  padding: 1px 8px; }
.columns { display: flex; align-items: flex-end; height: 140px; gap: 1px; border-bottom: 1px solid var(--line); }
.columns div { flex: 1; height: 100%; display: flex; align-items: flex-end; }
.columns i { display: block; width: 100%; background: var(--bar); border-radius: 2px 2px 0 0; }
.columns .none { background: repeating-linear-gradient(45deg, transparent 0 4px, var(--bad) 4px 5px); }
.years { display: flex; gap: 1px; color: var(--soft); font-size: 12px; }
.years span { border-left: 1px solid var(--line); padding-left: 4px; overflow: hidden; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; color: var(--soft); font-weight: 500; font-size: 13px; }
th, td { padding: 5px 12px 5px 0; border-bottom: 1px solid var(--line); vertical-align: middle; }
tr:last-child td { border-bottom: 0; }
.n { text-align: right; white-space: nowrap; }
.bar { min-width: 120px; height: 12px; }
.bar i { display: block; height: 100%; background: var(--bar); border-radius: 2px; }
summary { cursor: pointer; margin-top: 12px; color: var(--soft); }
footer { color: var(--soft); font-size: 13px; margin-top: 24px; }
@media (max-width: 640px) { .wide table { min-width: 620px; } }
@media print { body { background: #fff; } section { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
"""
