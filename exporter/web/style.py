"""The style of the pages, and its hash for the content security policy: no other style is run."""

from __future__ import annotations

import base64
import hashlib

STYLE = """
:root{color-scheme:light dark;--text:#1c2024;--dim:#5b646d;--page:#fff;--line:#d8dde2;--box:#f4f6f8;
--ready:#1a7431;--degraded:#9a5300;--down:#b3121d;--unknown:#5b646d;--link:#0b57a8}
@media(prefers-color-scheme:dark){:root{--text:#e4e8ec;--dim:#9aa4ae;--page:#14181c;--line:#333b43;
--box:#1d2329;--ready:#5fce7c;--degraded:#f0a64a;--down:#ff7b7b;--unknown:#9aa4ae;--link:#7db8f5}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--text);
font:16px/1.5 system-ui,sans-serif;overflow-wrap:break-word}
main{max-width:64rem;margin:0 auto;padding:1rem}
h1{font-size:1.5rem;margin:.5rem 0 0}h2{font-size:1.15rem;margin:2rem 0 .5rem}
a{color:var(--link)}code{font-size:.9em;background:var(--box);padding:.1em .3em;border-radius:3px}
.numbers{display:grid;grid-template-columns:repeat(auto-fill,minmax(9.5rem,1fr));gap:.5rem;
list-style:none;padding:0}
.numbers li{background:var(--box);padding:.5rem .75rem;border-radius:6px;color:var(--dim)}
.numbers b{display:block;font-size:1.4rem;line-height:1.2;color:var(--text)}
table{width:100%;border-collapse:collapse}
th,td{text-align:left;vertical-align:top;padding:.35rem .75rem .35rem 0;
border-bottom:1px solid var(--line)}
th{color:var(--dim);font-weight:600;font-size:.85rem}
.ready,.ready b{color:var(--ready)}.down,.down b{color:var(--down)}
.degraded,.new,.degraded b,.new b{color:var(--degraded)}.unknown,.unknown b{color:var(--unknown)}
.numbers li.ready,.numbers li.down,.numbers li.degraded,.numbers li.new{color:var(--dim)}
@media(max-width:40rem){thead{position:absolute;left:-999rem}
table,tbody,tr,td{display:block}tr{padding:.5rem 0;border-bottom:1px solid var(--line)}
td{border:0;padding:.1rem 0 .1rem 5.5rem;position:relative;min-height:1.5em}
td::before{content:attr(data-title);position:absolute;left:0;color:var(--dim);font-size:.85rem}}
"""

#: As it stands in a Content-Security-Policy, without the quotes.
STYLE_HASH = "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
