"""The desk: a local web page over the read file, for the one user of this machine.

guard    who is let in: loopback, the key, hosts and origins, tokens of actions, what pages may do
clips    what the browser extension sends, and its pairing
words    what the user said by click, waiting for the writer
worker   the one writer of the desk: words, brought files, clips, collecting, publishing
filters  an address of the product page into a question to the read file, and back
pages    what each page shows
app      which address is answered by what
extension  the browser extension written out
serve    the port, and the server on it
"""
