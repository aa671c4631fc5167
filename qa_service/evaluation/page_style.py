"""The style of the evaluation page, for light and dark screens and for paper."""

STYLE = """
:root{color-scheme:light dark;--page:#f6f7f9;--card:#fff;--ink:#1b2330;--soft:#5a6675;--rule:#dfe4ea;--grid:#e9edf1;
--one:#2563c9;--two:#c2570c;--three:#0f8a74;--four:#9b3fae;--five:#7a6a10;--good:#14733c;--bad:#b42318;--goodbg:#e5f5eb;
--badbg:#fdeceb;--count:#cfdcf2}
@media(prefers-color-scheme:dark){:root{--page:#12161c;--card:#1b212a;--ink:#e6eaf0;--soft:#9aa7b7;--rule:#2f3844;
--grid:#28303b;--one:#7fb0ff;--two:#ffa366;--three:#5fd3bb;--four:#dd9bec;--five:#d9c65a;--good:#7ddba1;--bad:#ff9c92;
--goodbg:#16301f;--badbg:#3a1a18;--count:#2c3d59}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,
"Noto Sans","Noto Sans CJK SC","PingFang SC","Microsoft YaHei",sans-serif}
main{max-width:1080px;margin:0 auto;padding:28px 20px 60px}
h1{font-size:26px;line-height:1.25;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:18px;margin:36px 0 12px}
p{margin:4px 0 12px}
.soft,figcaption,th{color:var(--soft)}
.card,figure{background:var(--card);border:1px solid var(--rule);border-radius:12px;padding:16px 18px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:20px 0 0}
.tiles .card{padding:12px 16px}.tiles b{display:block;font-size:24px;font-variant-numeric:tabular-nums}
.tiles span{color:var(--soft);font-size:13px}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,430px),1fr));gap:16px}
figure{margin:0}figcaption{font-size:13px;margin-top:6px}figure h3{font-size:15px;margin:0 0 6px}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th{font-weight:600;font-size:13px;text-align:left;border-bottom:1px solid var(--rule);padding:4px 12px 6px 0;
white-space:nowrap}
td{border-bottom:1px solid var(--grid);padding:6px 12px 6px 0;vertical-align:top}
tr:last-child td{border-bottom:0}
.n{text-align:right;white-space:nowrap}th.n{text-align:right}
td.bar{min-width:130px;width:22%;vertical-align:middle}
.verdict{border-radius:12px;padding:14px 18px;margin:20px 0 0;font-weight:600}
.verdict.good{background:var(--goodbg);color:var(--good)}.verdict.bad,.fell{background:var(--badbg);color:var(--bad)}
.tag{display:inline-block;border-radius:999px;padding:0 9px;font-size:12px;font-weight:600;white-space:nowrap}
.tag.good{background:var(--goodbg);color:var(--good)}.tag.bad{background:var(--badbg);color:var(--bad)}
.words{overflow-wrap:anywhere}
.key{display:inline-block;width:11px;height:11px;border-radius:3px;margin:0 5px 0 10px;vertical-align:-1px}
.key:first-child{margin-left:0}
svg.plot{display:block;width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
svg .axis{font-size:12.5px}svg .note{fill:var(--ink);font-size:12px}
svg .grid{stroke:var(--grid);stroke-width:1}svg .ideal{stroke:var(--soft);stroke-dasharray:4 4;fill:none}
svg .threshold{stroke:var(--two);stroke-dasharray:2 3;fill:none;stroke-width:1.5}
svg .count{fill:var(--count)}svg .line{fill:none;stroke-width:2.2;stroke-linejoin:round}
svg .dot{stroke:var(--card);stroke-width:1.5}svg .track{stroke:var(--rule);stroke-width:2}
svg .span{stroke-width:4;stroke-linecap:round}
.key.one{background:var(--one)}.key.two{background:var(--two)}.key.three{background:var(--three)}
.key.four{background:var(--four)}.key.five{background:var(--five)}
svg .line.one,svg .span.one{stroke:var(--one)}svg .line.two,svg .span.two{stroke:var(--two)}
svg .line.three{stroke:var(--three)}svg .line.four{stroke:var(--four)}svg .line.five{stroke:var(--five)}
svg .fill.one{fill:var(--one);opacity:.55}svg .dot.one{fill:var(--one)}svg .dot.two{fill:var(--two)}
svg .dot.bad{fill:var(--bad)}svg .span.bad{stroke:var(--bad)}
@media print{body{background:#fff}.card,figure{break-inside:avoid}}
"""
