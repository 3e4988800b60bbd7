"""The scored list for people and machines: table, drops, page, push. All take a finished model.Report.

| call | gives |
|---|---|
| `table.render(report, lang=, width=, zone=, changes=)` | a rich renderable for the terminal |
| `table.text(report, lang=, width=, zone=, changes=)` | the same as plain text |
| `drop.write(report, pattern, formats=, lang=, folder=, name=, machine=, zone=, date=, keep=)` | paths of files |
| `drop.document(report)`, `drop.as_json(data)` | the report as plain values, and as safe JSON text |
| `places.split(out)` | what a user typed as `--out`, as (folder, pattern) for `drop.write` |
| `changes.memory(report)`, `changes.since(report, remembered)` | what the reader has seen; what changed since |

Nothing here reads the clock, the network or the store: times come with the report, `zone` is where people read it.
Modules are imported one by one, since spreadsheets and pages need libraries that a table does not.
"""
