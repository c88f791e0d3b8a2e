"""Models measured on boards: bgnn-runner taken there over SSH (or to this machine), its lines as events, its figures judged. No Qt.

In short: ``tasks = [prepare(path, cloud.name, points, Settings(threads=4))]``, then on a `BoardThread`
``async with Board(parse_target("pi@10.0.0.7"), HostKeys(), questions, listener) as board: runs = await board.run(tasks)``.
The listener gets every `board.Event` on that thread; cancelling the future that `BoardThread.start` returned ends the run there too.
"""
