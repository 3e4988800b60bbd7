"""The scored list for people and machines: table, drops, page, push. All take a finished model.Report.

table.render(report, lang=, width=, zone=, changes=)    a rich renderable for the terminal; table.text: plain text
drop.write(report, pattern, formats=, lang=, folder=, name=, machine=, zone=, date=, keep=, images=, changes=)
                                                        paths of the files written
drop.document(report), drop.as_json(data)               the report as plain values; safe JSON text
page.render(report, lang=, zone=, images=, changes=)    the HTML page as text
places.split(out)                                       what a user typed as `--out`, as (folder, pattern)
changes.memory(report), changes.since(report, memory)   what the reader has seen; what changed since
packs.load(folder), packs.judged(report, packs, only=)  selection packs; the report with each row's standing
costs.load(path), costs.applied(report, costs)          costs.toml; the report with cost, fees and margin

Nothing here reads the clock, the network or the store: times come with the report, `zone` is where people read it.
Modules are imported one by one, since spreadsheets and pages need libraries that a table does not.
"""
