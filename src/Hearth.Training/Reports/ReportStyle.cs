namespace Hearth.Training.Reports;

/// <summary>The colours and the style sheets of a report. Every pair of text and ground keeps the 4.5 to 1 of WCAG 2.1 AA.</summary>
internal static class ReportStyle
{
    private const string Light =
        "--ground:#fffdfa;--card:#f6f1ea;--ink:#1f1b17;--soft:#5f574e;--rule:#d9d0c4;--ember:#a8400c;--ash:#8a8178;--sea:#14607a;"
        + "--right:#1b6634;--wrong:#a3231d;";

    private const string Dark =
        "--ground:#171412;--card:#221d1a;--ink:#eee8e1;--soft:#b8aea3;--rule:#413932;--ember:#ff9c61;--ash:#8d8379;--sea:#79c6e0;"
        + "--right:#83d398;--wrong:#ff9d93;";

    /// <summary>The colours as properties of the elements that match, dark where the reader's system is dark, light on paper.</summary>
    private static string Colours(string selector) => $$$"""
        {{{selector}}}{ color-scheme:light dark;{{{Light}}} }
        @media screen and (prefers-color-scheme:dark){ {{{selector}}} { {{{Dark}}} } }

        """;

    /// <summary>For the drawing. Letters grow on a narrow screen, where the drawing shrinks.</summary>
    public static string Curve { get; } = Colours(".loss-curve") + """
        .loss-curve text{font:11.5px system-ui,sans-serif;fill:var(--soft)}
        .loss-curve .name{fill:var(--ink);font-weight:600}
        .loss-curve .grid{stroke:var(--rule);stroke-width:1;fill:none;shape-rendering:crispEdges;vector-effect:non-scaling-stroke}
        .loss-curve .raw{stroke:var(--ash);stroke-opacity:.45;stroke-width:2.4;stroke-linecap:round;fill:none}
        .loss-curve .line{stroke:var(--ember);stroke-width:2;stroke-linejoin:round;stroke-linecap:round;fill:none}
        .loss-curve .rate{stroke:var(--sea);stroke-width:1.6;stroke-linejoin:round;stroke-linecap:round;fill:none}
        .loss-curve .dots{stroke:var(--sea);stroke-width:6.5;stroke-linecap:round;fill:none}
        .loss-curve .single{stroke-width:7}
        .loss-curve .key-raw{fill:var(--ash)}
        .loss-curve .key-line{fill:var(--ember)}
        @media (max-width:560px){.loss-curve text{font-size:19px}}

        """;

    /// <summary>For the page around it.</summary>
    public static string Page { get; } = Colours(":root") + """
        *{box-sizing:border-box}
        body{margin:0;background:var(--ground);color:var(--ink);font:1rem/1.55 system-ui,sans-serif;overflow-wrap:anywhere}
        main{max-width:54rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
        h1{font-size:clamp(1.7rem,5vw,2.4rem);line-height:1.15;margin:.2rem 0 .6rem}
        h2{font-size:1.25rem;line-height:1.3;margin:2.8rem 0 .8rem;padding-top:.9rem;border-top:1px solid var(--rule)}
        p{margin:.5rem 0;max-width:42rem}
        .kind{color:var(--ember);font-weight:600;margin:0}
        .about{font-size:1.1rem}
        .soft,figcaption{color:var(--soft);font-size:.9rem}
        code,pre{font-family:ui-monospace,Menlo,Consolas,monospace;font-size:.875rem}
        pre{background:var(--card);padding:.9rem 1rem;border-radius:.4rem;margin:.6rem 0;white-space:pre-wrap}
        .proof{background:var(--card);border-left:.25rem solid var(--ember);border-radius:.4rem;padding:1rem 1.25rem;margin:1.5rem 0}
        .proof pre{background:var(--ground)}
        dl{margin:0}
        dt{color:var(--soft);font-size:.9rem}
        dd{margin:0 0 .7rem}
        .numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.4rem 1.25rem}
        .numbers dd{font-size:1.3rem;font-weight:600;font-variant-numeric:tabular-nums}
        figure{margin:0}
        figure svg{display:block;width:100%;height:auto}
        .wide{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-size:.95rem;font-variant-numeric:tabular-nums}
        th,td{text-align:left;vertical-align:top;padding:.45rem 1.4rem .45rem 0;border-bottom:1px solid var(--rule)}
        th{color:var(--soft);font-weight:600;font-size:.9rem;overflow-wrap:normal}
        thead .n{white-space:normal}
        tbody th{color:var(--ink);font-size:inherit}
        tbody th .soft{font-weight:400}
        .n{text-align:right;white-space:nowrap}
        tfoot td,tfoot th{border-bottom:0;font-weight:600;color:var(--ink)}
        .answers{list-style:none;margin:0;padding:0}
        .answers li{padding:.8rem 0;border-bottom:1px solid var(--rule)}
        .answers p{margin:.1rem 0;max-width:none}
        .verdict{font-weight:600}
        .right{color:var(--right)}
        .wrong{color:var(--wrong)}
        @media (max-width:560px){main{padding-top:1.5rem}th,td{padding-right:.8rem}}
        @media print{main{max-width:none;padding:0}h2,figure{break-after:avoid}tr,li,figure,.proof{break-inside:avoid}}
        """;
}
