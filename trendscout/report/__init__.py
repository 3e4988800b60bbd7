"""The scored list for people and machines: table, drops, page, push. All take a finished model.Report.

table.render(report, lang=, width=, zone=, changes=)    a rich renderable for the terminal; table.text: plain text
drop.write(report, pattern, formats=, lang=, folder=, name=, machine=, zone=, date=, keep=, images=, changes=)
                                                        paths of the files written
drop.document(report), drop.as_json(data)               the report as plain values; safe JSON text
page.render(report, lang=, zone=, images=, changes=)    the HTML page as text
places.split(out)                                       what a user typed as `--out`, as (folder, pattern)
changes.memory(report), changes.since(report, memory)   what the reader has seen; what changed since
packs.load(folder), packs.judged(report, packs, only=)  selection packs; the report with each row's standing
costs.load(path), costs.applied(report, book, rates)    costs.toml; the report with landed cost and margin
alerts.read(table), alerts.due(report, rules, called)   rules from the configuration; which products they call for
digest.digest(report, changes, key=, lang=, ...)        what a push says, item by item
push.messages(digest, channel, kind, url, files=)       its parts for a channel
push.send(parts, channel=, kind=, url=, post=, already=, record=, now=, sleep=)
                                                        how the push went; parts that did not arrive
why.render(why, lang=, width=, zone=)                   a model.Why for the terminal

Nothing here reads the clock or the store. The network is touched by apprise only; WeCom, DingTalk and Feishu
are posted to by the `post` that the caller gives. Times come with the report; `zone` is where people read it.
Modules are imported one by one, since spreadsheets and pages need libraries that a table does not.
"""
