/** How the page looks: the reader's own fonts, light and dark, narrow screens, paper. */
export const style = `
:root{--ink:#1b1f24;--dim:#5b6570;--line:#d8dee4;--back:#fff;--soft:#f4f6f8;--good:#1a7f37;--bad:#b3261e;--busy:#9a6700;--cool:#0b6bcb}
@media (prefers-color-scheme:dark){:root{--ink:#e6edf3;--dim:#98a4b0;--line:#30363d;--back:#0d1117;--soft:#161b22;--good:#3fb950;--bad:#ff7b72;--busy:#d29922;--cool:#58a6ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:70rem;padding:1.5rem 1rem 3rem;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--back);overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:0;overflow-wrap:anywhere}h2{font-size:1.15rem;margin:2rem 0 .6rem;border-bottom:1px solid var(--line);padding-bottom:.3rem}h3{font-size:1rem;margin:1rem 0 .4rem}
small{color:var(--dim);font-weight:400;font-size:.8em}p{margin:.3rem 0}
.dim{color:var(--dim)}.good{color:var(--good)}.bad{color:var(--bad)}.counts{font-size:1.1rem}
pre{background:var(--soft);border:1px solid var(--line);border-radius:4px;padding:.5rem;white-space:pre-wrap;overflow-wrap:anywhere;margin:.4rem 0}
details{border-left:3px solid var(--bad);padding-left:.7rem;margin:.6rem 0}summary{cursor:pointer}
.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:.9em}td{padding:.2rem .6rem .2rem 0;border-bottom:1px solid var(--line);vertical-align:top;overflow-wrap:anywhere}
td:nth-child(2){min-width:10rem}td:last-child{min-width:8rem}td:nth-child(3):not([colspan]){font-family:ui-monospace,monospace;font-size:.92em}
.sign{font-weight:700;font-family:ui-monospace,monospace}.create{color:var(--good)}.update,.run{color:var(--busy)}.delete{color:var(--bad)}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(15rem,1fr));gap:.8rem}.card{background:var(--soft);border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem;overflow-wrap:anywhere}.card h3{margin:0}
.dot{font-size:.8em;font-weight:400;color:var(--dim)}.dot.changed,.dot.ok{color:var(--good)}.dot.failed,.dot.rolled-back,.dot.unknown,.dot.unreachable{color:var(--bad)}
.timeline .row{display:flex;gap:.6rem;align-items:center}.named .row{height:1.25rem}.thin .row{height:3px}
.row span{flex:0 0 7rem;overflow:hidden;text-overflow:ellipsis;white-space:nowrap;font-size:.85em}
.track{position:relative;flex:1;height:70%;background:var(--soft)}.thin .track{height:100%}
.bar{position:absolute;top:0;height:100%;border-radius:1px;background:var(--dim);print-color-adjust:exact;-webkit-print-color-adjust:exact}
.bar.changed{background:var(--good)}.bar.ok{background:var(--cool)}.bar.failed,.bar.unknown{background:var(--bad)}.bar.rolled-back,.bar.unreachable{background:var(--busy)}
.legend span{white-space:nowrap;margin-right:.9em}.legend .bar{position:static;display:inline-block;width:.8em;height:.8em}
.note td{border-bottom:0;padding-top:0;font-size:.92em}tr:has(+.note) td{border-bottom:0}td.note{min-width:0}
.fills{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(21rem,100%),1fr));gap:.2rem 2rem}.pool{break-inside:avoid}
.fill{display:grid;grid-template-columns:8.5rem 1fr 3rem;gap:0 .6rem;align-items:center;font-size:.9em;padding:.15rem 0}.fill .track{height:.7rem;border-radius:3px;overflow:hidden;border:1px solid var(--line)}
.fill small{grid-column:1/-1;overflow-wrap:anywhere}.number{text-align:right;white-space:nowrap}
.level{display:block;height:100%;background:var(--good);print-color-adjust:exact;-webkit-print-color-adjust:exact}.level.warning{background:var(--busy)}.level.alarm{background:var(--bad)}
code{overflow-wrap:anywhere}
@media(max-width:640px){table,tbody{display:block}tr{display:grid;grid-template-columns:1.2rem 1fr;padding:.3rem 0;border-bottom:1px solid var(--line)}td{border:0;padding:0;min-width:0!important}td+td{grid-column:2}tr:has(+.note){border-bottom:0;padding-bottom:0}.note td:first-child{display:none}.fills{grid-template-columns:1fr}.row span{flex-basis:5.5rem}}
footer{margin-top:2.5rem;color:var(--dim);font-size:.85em}
@media print{body{max-width:none;padding:0;font-size:11px}details,.card,tr{break-inside:avoid}}
`;
