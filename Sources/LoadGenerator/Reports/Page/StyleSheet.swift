/// How the page looks: in light and dark, on paper and on a phone.
///
/// The colours of charts are told apart with every common colour blindness (after Okabe and Ito,
/// https://jfly.uni-koeln.de/color/), and lines by their dashes and dots as well.
enum StyleSheet {
  static let text = palette + page + tables + charts

  private static let palette = """
    :root{color-scheme:light dark;--bg:#fff;--panel:#f6f7f9;--ink:#1b1f24;--soft:#5b6570;
    --rule:#d9dee4;--grid:#e6e9ed;--good:#00704f;--bad:#c03a00;--c1:#0072b2;--c2:#d55e00;
    --c3:#009e73;--c4:#b65f93;--c5:#d08a00;--c6:#4aa3d8;--c7:#8a929b;--c8:#6d5bd0;--c9:#c3c9d0;
    --on:#fff;--on9:#1b1f24}
    @media (prefers-color-scheme:dark){:root{--bg:#14171b;--panel:#1d2126;--ink:#e8eaed;
    --soft:#a2abb5;--rule:#363c44;--grid:#2a2f36;--good:#2fbf93;--bad:#ff7a45;--c1:#4a9fe0;
    --c2:#f0803c;--c3:#2fbf93;--c4:#d990ba;--c5:#f0b440;--c6:#8ccbf2;--c7:#8d96a0;--c8:#a396f0;
    --c9:#59626c;--on:#14171b;--on9:#e8eaed}}

    """

  private static let page = """
    *{box-sizing:border-box}
    body{margin:0;background:var(--bg);color:var(--ink);line-height:1.5;
    font-family:system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;
    -webkit-text-size-adjust:100%}
    main{max-width:960px;margin:0 auto;padding:24px 20px 48px}
    header{border-bottom:1px solid var(--rule);padding-bottom:16px;margin-bottom:8px}
    .brand{color:var(--soft);font-size:13px;letter-spacing:.04em}
    h1{font-size:24px;line-height:1.3;margin:6px 0 14px;font-weight:600;overflow-wrap:anywhere}
    h1 b{font-weight:700;margin-right:.25em}
    h1 .good{color:var(--good)}h1 .bad{color:var(--bad)}
    h2{font-size:18px;margin:36px 0 4px;font-weight:600;overflow-wrap:anywhere}
    h3{font-size:15px;margin:24px 0 4px}
    p{margin:4px 0 12px}.lead{color:var(--soft);max-width:72ch}
    .note{color:var(--soft);font-size:13px;margin:6px 0}
    dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 16px;margin:8px 0;font-size:14px}
    dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere;min-width:0}
    code{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:13px;
    overflow-wrap:anywhere}
    .tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(128px,1fr));gap:10px;
    margin:18px 0}
    .tiles div{background:var(--panel);border-radius:8px;padding:10px 14px}
    .tiles span,.tiles small{display:block;color:var(--soft);font-size:13px}
    .tiles div{min-width:0}.tiles b,.tiles small{overflow:hidden;text-overflow:ellipsis}
    .tiles b{display:block;font-size:22px;font-weight:600;white-space:nowrap;
    font-variant-numeric:tabular-nums}
    footer{margin-top:40px;border-top:1px solid var(--rule);padding-top:12px;color:var(--soft);
    font-size:13px}

    """

  private static let tables = """
    .scroll{overflow-x:auto}
    table{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;margin:8px 0}
    th,td{text-align:right;padding:4px 10px;white-space:nowrap;border-bottom:1px solid var(--grid)}
    th{color:var(--soft);font-weight:500;border-bottom-color:var(--rule)}
    th.w,td.w{text-align:left}
    th:first-child,td:first-child{padding-left:0}
    td.w:last-child:not(:first-child){white-space:normal;overflow-wrap:anywhere}
    tr.in td:first-child{padding-left:14px;color:var(--soft)}
    details{margin:10px 0}summary{cursor:pointer;color:var(--soft);font-size:13px}

    """

  private static let charts = """
    svg{display:block;width:100%;min-width:620px;height:auto;margin:8px 0;
    font-family:system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
    svg .t{font-size:12px;fill:var(--soft);font-variant-numeric:tabular-nums}
    svg .t.strong{fill:var(--ink)}svg .t.bad{fill:var(--bad)}svg .a{font-size:12px;fill:var(--soft)}
    svg .g{stroke:var(--grid);stroke-width:1}svg .minor{stroke-opacity:.55}
    svg .axis{stroke:var(--soft);stroke-width:1}
    svg .l{fill:none;stroke-width:2;stroke-linejoin:round;stroke-linecap:round;stroke:var(--k)}
    svg .thin{stroke-width:1.5}svg .dash{stroke-dasharray:3 5}
    svg .dot{fill:var(--k)}svg .hollow{fill:var(--bg);stroke:var(--k);stroke-width:1.8}
    svg .b{fill:var(--k);stroke:var(--bg);stroke-width:1}svg .on{font-size:12px;fill:var(--on)}
    svg .on.c9{fill:var(--on9)}
    .c1{--k:var(--c1)}.c2{--k:var(--c2)}.c3{--k:var(--c3)}.c4{--k:var(--c4)}.c5{--k:var(--c5)}
    .c6{--k:var(--c6)}.c7{--k:var(--c7)}.c8{--k:var(--c8)}.c9{--k:var(--c9)}.bad{--k:var(--bad)}
    .keys{list-style:none;display:flex;flex-wrap:wrap;gap:2px 18px;margin:8px 0 4px;padding:0;
    font-size:13px}
    .keys i{display:inline-block;width:18px;margin-right:7px;vertical-align:middle;
    border-top:3px solid var(--k)}
    .keys .dashed{border-top-style:dotted}
    .keys .box{width:12px;height:12px;border:0;background:var(--k);border-radius:2px}
    @media (max-width:600px){main{padding:16px 14px 32px}h1{font-size:20px}
    dl{grid-template-columns:1fr}dt{margin-top:6px}}
    @media print{details{display:block}section{break-inside:avoid}}

    """
}
